package api_test

import "context"

// pushed keeps what the provider pushes; tests hand it to the webhook function when it suits them.
func (s *stack) pushed(_ context.Context, body []byte, signature string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, [2]string{string(body), signature})
	return nil
}
