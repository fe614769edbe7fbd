package view

// PageSQL is the statement that reads a page's rows, for a test of its plan.
func PageSQL(s Sight, name, sorted, cursor string, limit int) (string, []any, error) {
	page, err := pageQuery(s, name, sorted, cursor, limit)
	if err != nil {
		return "", nil, err
	}
	return "SELECT " + rowColumns + " FROM tickets t WHERE " + page.text.String(), page.args, nil
}
