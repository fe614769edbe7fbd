// Package chat has the operations of the workspace on website chat: chatflows (what the widget says and asks, and where it shows), visitors and their conversations.
// It says who may; the rules are chatflow's, visitor's and dialogue's. What visitors themselves may do is in api/widget.
package chat
