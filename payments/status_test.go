package payments_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"kassa/payments"
)

var statuses = []payments.Status{
	payments.StatusNone, payments.StatusAwaitingMethod, payments.StatusActionRequired, payments.StatusProcessing,
	payments.StatusAuthorized, payments.StatusPaid, payments.StatusCanceled, payments.StatusReview,
}

func TestAdvanceNeverLowers(t *testing.T) {
	t.Parallel()
	ranked := statuses[:6]
	for i, from := range ranked {
		for j, to := range ranked {
			want := ranked[max(i, j)]
			if got := from.Advance(to); got != want {
				t.Errorf("%s after %s is %s, want %s", to, from, got, want)
			}
		}
	}
}

func TestAdvanceAtTheEnds(t *testing.T) {
	t.Parallel()
	for _, s := range statuses {
		if got := payments.StatusPaid.Advance(s); got != payments.StatusPaid {
			t.Errorf("paid became %s", got)
		}
		if got := s.Advance(payments.StatusPaid); got != payments.StatusPaid {
			t.Errorf("money after %s is lost as %s", s, got)
		}
		if got := s.Advance(payments.StatusReview); s != payments.StatusPaid && got != payments.StatusReview {
			t.Errorf("what we can't read after %s is %s", s, got)
		}
		if got := s.Advance(payments.StatusCanceled); s != payments.StatusPaid && got != payments.StatusCanceled {
			t.Errorf("%s can't be canceled: %s", s, got)
		}
		if got := s.Advance(s); got != s {
			t.Errorf("%s again is %s", s, got)
		}
	}
	if got := payments.StatusReview.Advance(payments.StatusProcessing); got != payments.StatusProcessing {
		t.Errorf("review never ends: %s", got)
	}
	if got := payments.StatusCanceled.Advance(payments.StatusProcessing); got != payments.StatusCanceled {
		t.Errorf("a late event revived a canceled intent as %s", got)
	}
}

// Whatever the order in which the reports of one attempt arrive, and however often, they end in the same state.
func TestAdvanceDependsOnNoOrder(t *testing.T) {
	t.Parallel()
	reports := []payments.Status{payments.StatusAwaitingMethod, payments.StatusActionRequired, payments.StatusProcessing, payments.StatusPaid}
	var permute func(done, left []payments.Status)
	permute = func(done, left []payments.Status) {
		if len(left) == 0 {
			s := payments.StatusNone
			for _, r := range append(done, done...) {
				s = s.Advance(r)
			}
			if s != payments.StatusPaid {
				t.Errorf("%v ends in %s", done, s)
			}
			return
		}
		for i := range left {
			permute(append(slices.Clone(done), left[i]), slices.Delete(slices.Clone(left), i, i+1))
		}
	}
	permute(nil, reports)
}

func TestWhatAStatusTells(t *testing.T) {
	t.Parallel()
	for s, want := range map[payments.Status]struct{ final, money, decides bool }{
		payments.StatusNone:           {},
		payments.StatusAwaitingMethod: {},
		payments.StatusActionRequired: {decides: true},
		payments.StatusProcessing:     {decides: true},
		payments.StatusAuthorized:     {money: true, decides: true},
		payments.StatusPaid:           {true, true, true},
		payments.StatusCanceled:       {final: true, decides: true},
		payments.StatusReview:         {},
		"brand_new":                   {},
	} {
		if s.Final() != want.final || s.Money() != want.money || s.Decides() != want.decides {
			t.Errorf("%s: final %v, money %v, decides %v; want %+v", s, s.Final(), s.Money(), s.Decides(), want)
		}
	}
	if got := payments.StatusAwaitingMethod.Advance("brand_new"); got != payments.StatusAwaitingMethod {
		t.Errorf("an unknown status became %s", got)
	}
}

func TestClassOfIsUnknownUnlessCertain(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection reset")
	declined := &payments.Error{Class: payments.ClassDeclined, Decline: payments.Decline{Code: "card_declined"}, Err: cause}
	for _, tc := range []struct {
		err  error
		want payments.Class
	}{
		{cause, payments.ClassUnknown},
		{fmt.Errorf("pay: %w", declined), payments.ClassDeclined},
		{&payments.Error{Class: payments.ClassRefused, Err: cause}, payments.ClassRefused},
	} {
		if got := payments.ClassOf(tc.err); got != tc.want {
			t.Errorf("%v is %s, want %s", tc.err, got, tc.want)
		}
	}
	if !errors.Is(declined, cause) || declined.Error() != "payment declined (card_declined): connection reset" {
		t.Errorf("error reads %q", declined)
	}
}
