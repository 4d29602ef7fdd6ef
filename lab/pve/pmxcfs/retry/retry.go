// Package retry keeps a thread's work going: again a second after it ended, for as long as the program runs.
package retry

import (
	"context"
	"time"
)

// reportEvery bounds how often one and the same error is reported.
const reportEvery = 10 * time.Second

// EachSecond runs work until ctx ends. Errors go to report: a new one at once, a repeated one now and then.
func EachSecond(ctx context.Context, work func(context.Context) error, report func(error)) {
	last, at := "", time.Time{}
	for ctx.Err() == nil {
		if err := work(ctx); err != nil && (err.Error() != last || time.Since(at) > reportEvery) {
			last, at = err.Error(), time.Now()
			report(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
