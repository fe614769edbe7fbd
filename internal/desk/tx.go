package desk

import "context"

type txMark struct{}

// MarkTx marks a context as being inside a write transaction, where no network may be used.
func MarkTx(ctx context.Context) context.Context { return context.WithValue(ctx, txMark{}, true) }

// InTx reports whether ctx is inside a write transaction: netx refuses such a context.
func InTx(ctx context.Context) bool { v, _ := ctx.Value(txMark{}).(bool); return v }
