package directory

import (
	"strings"

	"github.com/kanalhq/kanal/internal/directory"
	"github.com/kanalhq/kanal/internal/directory/scim"
)

// providerConfig says what is spoken here (RFC 7643, 5).
func providerConfig() scim.Resource {
	is := func(b bool) map[string]any { return map[string]any{"supported": b} }
	return scim.Resource{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"}, "patch": is(true), "etag": is(true), "sort": is(false), "changePassword": is(false),
		"bulk":   map[string]any{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": map[string]any{"supported": true, "maxResults": directory.MaxPage},
		"authenticationSchemes": []any{map[string]any{"type": "oauthbearertoken", "name": "API token", "description": "A token with the scope scim, made under Settings, API tokens.",
			"specUri": "https://www.rfc-editor.org/info/rfc6750", "primary": true}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig"},
	}
}

func (e *edge) resourceTypes() []scim.Resource {
	kind := func(name, schema, text string) scim.Resource {
		return scim.Resource{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": "/" + name + "s", "description": text, "schema": schema,
			"meta": map[string]any{"resourceType": "ResourceType", "location": strings.TrimSuffix(e.Directory.Base, "/") + directory.Path + "/ResourceTypes/" + name}}
	}
	return []scim.Resource{kind("User", scim.UserSchema, "A user"), kind("Group", scim.GroupSchema, "A team")}
}

func attribute(name, kind string, more ...any) map[string]any {
	a := map[string]any{"name": name, "type": kind, "multiValued": false, "required": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none"}
	if kind == "string" {
		a["caseExact"] = false
	}
	for i := 0; i+1 < len(more); i += 2 {
		a[more[i].(string)] = more[i+1]
	}
	return a
}

func text(name string, more ...any) map[string]any { return attribute(name, "string", more...) }

func many(name string, sub ...any) map[string]any {
	return attribute(name, "complex", "multiValued", true, "subAttributes", sub)
}

// schemas say which attributes are kept (RFC 7643, 7).
func schemas() []scim.Resource {
	const schema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	ref := func(types ...string) map[string]any {
		return attribute("$ref", "reference", "mutability", "readOnly", "referenceTypes", types)
	}
	value, display, primary := text("value"), text("display", "mutability", "readOnly"), attribute("primary", "boolean")
	groups, roles := many("groups", value, display, text("type"), ref("Group")), many("roles", value, primary)
	groups["mutability"], roles["mutability"] = "readOnly", "readOnly"
	return []scim.Resource{
		{"schemas": []string{schema}, "id": scim.UserSchema, "name": "User", "description": "A user", "meta": map[string]any{"resourceType": "Schema"}, "attributes": []any{
			text("userName", "required", true, "uniqueness", "server"), text("externalId", "caseExact", true), text("displayName"), attribute("active", "boolean"), text("preferredLanguage"), text("timezone"),
			attribute("name", "complex", "subAttributes", []any{text("givenName"), text("familyName"), text("formatted")}), many("emails", value, text("type"), primary), groups, roles,
		}},
		{"schemas": []string{schema}, "id": scim.GroupSchema, "name": "Group", "description": "A team", "meta": map[string]any{"resourceType": "Schema"}, "attributes": []any{
			text("displayName", "required", true, "uniqueness", "server"), text("externalId", "caseExact", true), many("members", text("value", "mutability", "immutable"), display, text("type"), ref("User")),
		}},
	}
}

func listed(all []scim.Resource) map[string]any {
	return map[string]any{"schemas": []string{scim.ListResponse}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all), "Resources": all}
}
