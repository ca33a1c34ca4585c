package meta

// A FieldError is one problem of a [Config]. Whoever fills the Config from settings of
// other names can tell people about those.
type FieldError struct {
	Field   string // of Config; an exit with its place: "Egress[0]"
	Problem string // what is wrong with it and what would be right; no secret
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }
