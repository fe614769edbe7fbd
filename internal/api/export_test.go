package api

// Rules is the table of who may do what, for the tests.
var Rules = rules
