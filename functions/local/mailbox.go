package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"kassa/checkout/recovery"
)

// message is what was handed to a channel, as /dev/messages shows it.
type message struct {
	Channel recovery.Channel `json:"channel"`
	To      string           `json:"to"`
	Locale  string           `json:"locale"`
	Kind    recovery.Kind    `json:"kind"`
	Reason  string           `json:"reason"`
	Stage   string           `json:"stage"`
	Subject string           `json:"subject"`
	Text    string           `json:"text"`
	HTML    string           `json:"html"`
	Link    string           `json:"link"`
	SentAt  time.Time        `json:"sent_at"`
}

// mailbox stands for all channels' providers on a developer's machine: what is handed over ends here, where it can be seen, and reaches
// nobody. Like theirs it keeps all that it takes: who sends twice is found out. With a file store it is a file beside it, one message a
// line, and each is on disk before it is taken.
type mailbox struct {
	now    func() time.Time
	faults *faults

	mu       sync.Mutex
	file     *os.File // nil: memory
	broken   error    // a line may be torn: nothing is written behind it
	messages []message
}

var _ recovery.Messenger = (*mailbox)(nil)

// openMailbox reads the mailbox at path, or begins one; "" = in memory. Whoever opens it holds the store's lock.
func openMailbox(path string, now func() time.Time, f *faults) (_ *mailbox, err error) {
	b := &mailbox{now: now, faults: f}
	if path == "" {
		return b, nil
	}
	b.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path is the developer's own setting
	if err == nil {
		err = b.load()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, err), b.close())
	}
	return b, nil
}

// load reads all messages. A last line without an end was being written when the process died: it was never taken, and goes.
func (b *mailbox) load() error {
	r, whole := bufio.NewReader(b.file), int64(0)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			return fmt.Errorf("line %d: %w", len(b.messages)+1, err)
		}
		b.messages, whole = append(b.messages, m), whole+int64(len(line))
	}
	if err := b.file.Truncate(whole); err != nil {
		return err
	}
	_, err := b.file.Seek(whole, io.SeekStart)
	return err
}

// Send implements recovery.Messenger. Armed faults at the boundary send happen here.
func (b *mailbox) Send(ctx context.Context, m recovery.Message) (string, error) {
	var id string
	err := b.faults.around(ctx, sendCall, func(context.Context) (err error) {
		id, err = b.keep(m)
		return err
	})
	switch {
	case errors.Is(err, errRefused):
		return "", &recovery.Refusal{Retry: true, Err: err}
	case err != nil:
		return "", err
	}
	return id, nil
}

func (b *mailbox) keep(m recovery.Message) (id string, err error) {
	kept := message{
		Channel: m.Channel, To: m.To, Locale: m.Locale, Kind: m.Kind, Reason: m.Reason, Stage: m.Stage,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, Link: m.Link, SentAt: b.now(),
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return "", &recovery.Refusal{Err: b.broken}
	}
	if b.file != nil {
		if b.broken = b.write(kept); b.broken != nil {
			return "", b.broken
		}
	}
	b.messages = append(b.messages, kept)
	return "local-" + strconv.Itoa(len(b.messages)), nil
}

func (b *mailbox) write(m message) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(m); err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if _, err := b.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return b.file.Sync()
}

// all lists what was handed over, newest last.
func (b *mailbox) all() []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]message{}, b.messages...)
}

func (b *mailbox) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}
