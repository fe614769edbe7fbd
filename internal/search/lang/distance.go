package lang

// Distance is how many letters must be changed, left out, added or swapped with a neighbour to make b of a; beyond limit it is limit + 1.
func Distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit+1)
}

// Gaps are a word and what it is with one letter left out, or up to two. Words that have one in common are near each other, so a table of them finds
// what a mistyped word may have meant.
func Gaps(word string, letters int) []string {
	seen := map[string]bool{word: true}
	out := []string{word}
	from := 0
	for range letters {
		to := len(out)
		for ; from < to; from++ {
			r := []rune(out[from])
			for i := range r {
				gap := string(r[:i]) + string(r[i+1:])
				if gap != "" && !seen[gap] {
					seen[gap] = true
					out = append(out, gap)
				}
			}
		}
	}
	return out
}

// Slips is how many wrong letters a word of its length may have.
func Slips(word string) int {
	switch n := len([]rune(word)); {
	case n < 4:
		return 0
	case n < 8:
		return 1
	default:
		return 2
	}
}
