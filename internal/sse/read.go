package sse

import (
	"bufio"
	"strconv"
	"strings"
)

// Read reads one event, passing over signs of life; the error is that of the connection.
func Read(in *bufio.Reader) (seq int64, name, data string, err error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return seq, name, data, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case line == "\n" && name != "":
			return seq, name, data, nil
		case field == "id":
			seq, _ = strconv.ParseInt(value, 10, 64)
		case field == "event":
			name = value
		case field == "data":
			data = value
		}
	}
}
