//! The description of the API (`OpenAPI` 3.1), made of the table that the routes are made of.

use axum::Json;
use serde_json::{Map, Value, json};

use super::api::{ENDPOINTS, Endpoint};
use super::form::Fields;

/// What parameters mean.
const PARAMETERS: [(&str, &str); 20] = [
    ("after", "Where the page begins: `next` of the page before"),
    ("limit", "Rows of a page, 1 to 500; 50 by itself"),
    ("of", "`alerts` (by itself) or `all`"),
    ("rule", "A rule's id"),
    ("feed", "A feed's id"),
    ("entity", "An entity's id"),
    ("severity", "This severity or a higher one"),
    (
        "since",
        "RFC 3339, a day, or a span back from now such as `7d`",
    ),
    ("until", "The same"),
    ("unacked", "1: only those that nobody has acknowledged"),
    ("dead", "1: only those with a delivery that was given up"),
    ("all", "1: those that are over, too"),
    ("held", "Held back for this reason"),
    (
        "q",
        "A query in the rule language; for completion the beginning of a name",
    ),
    ("in", "Primary subtag of the entry's language"),
    ("query", "A query in the rule language"),
    ("days", "How many days back, 1 to 3650; 30 by itself"),
    ("key", "Key of the output feeds"),
    ("lang", "en or ko"),
    ("id", "Its id"),
];

/// `GET /api/openapi.json`.
pub async fn document() -> Json<Value> {
    Json(described())
}

fn described() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in ENDPOINTS {
        let path = format!("/api/v1{}", endpoint.path);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[endpoint.method] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "bongsu", "version": env!("CARGO_PKG_VERSION"),
            "description": "Feeds, rules, alerts. Lists are pages: ask again with `after` set to `next`. Errors are application/problem+json.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, {}],
        "paths": paths,
        "components": { "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } }, "schemas": schemas() },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    if endpoint.path.contains("{id}") {
        parameters.push(
            json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }),
        );
    }
    for name in endpoint.query {
        let about = PARAMETERS.iter().find(|(known, _)| known == name);
        parameters.push(json!({
            "name": name, "in": "query", "required": false, "description": about.map(|(_, about)| about),
            "schema": parameter(name),
        }));
    }
    let answer = |text: &str| json!({ "description": text, "content": { "application/json": { "schema": reference(endpoint.answer) } } });
    let mut responses = json!({
        "200": answer("Done"),
        "default": { "description": "What is wrong, and where", "content": { "application/problem+json": { "schema": reference("Problem") } } },
    });
    if matches!(endpoint.name, "putRule" | "addFeed" | "addSilence") {
        responses["201"] = answer("Made");
    }
    let mut told = json!({
        "operationId": endpoint.name, "summary": endpoint.summary, "parameters": parameters, "responses": responses,
    });
    if endpoint.body.each().next().is_some() {
        told["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body(endpoint.body) } } });
    }
    told
}

fn parameter(name: &str) -> Value {
    match name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 500 }),
        "days" => json!({ "type": "integer", "minimum": 1, "maximum": 3650 }),
        "severity" => severity(),
        "of" => json!({ "type": "string", "enum": ["alerts", "all"] }),
        "unacked" | "dead" | "all" => json!({ "type": "string", "enum": ["0", "1"] }),
        _ => json!({ "type": "string" }),
    }
}

fn severity() -> Value {
    json!({ "type": "string", "enum": ["info", "low", "medium", "high", "critical"] })
}

fn body(fields: Fields) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, is_required) in fields.each() {
        if is_required {
            required.push(name);
        }
        let schema = match name {
            "severity" => severity(),
            "mark" => json!({ "type": "string", "enum": ["useful", "noise"] }),
            "notify" => json!({ "type": "string", "enum": ["story", "entry", "digest"] }),
            "receivers" | "feeds" | "languages" | "tags" => {
                json!({ "type": "array", "items": { "type": "string" } })
            }
            "enabled" | "exact" | "release" | "no_summary" => json!({ "type": "boolean" }),
            _ => json!({ "type": "string" }),
        };
        properties.insert(name.to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn feed() -> Value {
    let text = || json!({ "type": "string" });
    let maybe = || json!({ "type": ["string", "null"] });
    let objects = || json!({ "type": "array", "items": reference("Object") });
    let properties = json!({
        "id": text(), "url": text(), "title": maybe(), "tags": json!({ "type": "array", "items": text() }), "origin": text(), "health": text(),
        "last_error": maybe(), "last_poll": maybe(), "next_poll": maybe(), "last_success": maybe(), "last_new": maybe(),
        "retry_after": maybe(), "why_then": maybe(), "language": maybe(), "site_url": maybe(),
        "enabled": { "type": "boolean" }, "configured": { "type": "boolean" }, "entries": { "type": "integer" },
        "failures": { "type": "integer" }, "polls": objects(), "delays": objects(),
    });
    json!({ "type": "object", "properties": properties, "required": ["id", "url"] })
}

fn schemas() -> Value {
    let text = || json!({ "type": "string" });
    let maybe = || json!({ "type": ["string", "null"] });
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let objects = || json!({ "type": "array", "items": reference("Object") });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required });
    let list = |of: &str| {
        json!({
            "type": "object", "required": ["items", "next"],
            "properties": { "items": { "type": "array", "items": reference(of) }, "next": { "type": ["string", "null"] } },
        })
    };
    json!({
        "Object": { "type": "object" },
        "List": list("Object"),
        "Problem": object(json!({
            "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(),
            "errors": { "type": "array", "items": reference("Object") },
        }), &["type", "title", "status", "detail"]),
        "Entry": object(json!({
            "id": text(), "feed": maybe(), "url": maybe(), "title": text(), "authors": texts(), "categories": texts(),
            "published": maybe(), "updated": maybe(), "first_seen": maybe(), "language": maybe(), "body": text(),
            "body_html": text(), "full_text": maybe(), "feed_url": maybe(), "guid": maybe(), "enclosures": objects(),
            "matches": objects(), "story": text(), "rules": objects(), "mentions": objects(), "revisions": objects(),
        }), &["id", "title"]),
        "EntryList": list("Entry"),
        "AlertRow": object(json!({
            "id": { "type": "integer" }, "key": text(), "created": text(), "severity": severity(), "reason": text(),
            "rule": text(), "rule_title": text(), "entry": maybe(), "feed": maybe(), "title": text(), "url": maybe(),
            "deliveries": reference("Object"), "acked": maybe(), "acked_by": maybe(), "mark": maybe(),
            "story": { "type": ["integer", "null"] }, "untold": maybe(),
        }), &["id", "key", "created", "severity", "reason", "rule", "title"]),
        "AlertList": list("AlertRow"),
        "Story": object(json!({
            "id": { "type": "integer" }, "title": text(), "first_seen": text(), "last_seen": text(),
            "entries": { "type": "integer" }, "feeds": texts(), "languages": texts(), "alerts": { "type": "integer" }, "rules": texts(),
            "folded": { "type": "integer" }, "severity": { "type": ["string", "null"] },
        }), &["id", "title", "first_seen", "last_seen"]),
        "StoryList": list("Story"),
        "Rule": object(json!({
            "id": text(), "title": text(), "query": text(), "severity": severity(), "receivers": texts(), "feeds": texts(),
            "languages": texts(), "notify": text(), "enabled": { "type": "boolean" }, "origin": text(),
            "hits": { "type": "integer" }, "last_hit": maybe(), "marks": reference("Object"), "days": objects(),
            "entries": { "type": "integer" }, "feedback": reference("Object"), "toml": text(),
        }), &["id", "query", "severity", "origin"]),
        "RuleList": list("Rule"),
        "Feed": feed(),
        "FeedList": list("Feed"),
        "Silence": object(json!({
            "id": { "type": "integer" }, "state": { "type": "string", "enum": ["pending", "active", "over"] }, "created": text(),
            "starts": text(), "ends": text(), "matchers": reference("Object"), "author": text(), "comment": text(),
            "summary": { "type": "boolean" }, "matched": { "type": "integer" }, "holds": { "type": "integer" },
            "ended": maybe(), "ended_by": maybe(), "released": { "type": "boolean" }, "replaced_by": { "type": ["integer", "null"] },
        }), &["id", "state", "starts", "ends", "matchers"]),
        "SilenceList": list("Silence"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_endpoint_is_described_once_with_schemas_that_are_there() {
        let told = described();
        let mut names = HashSet::new();
        for endpoint in ENDPOINTS {
            assert!(names.insert(endpoint.name), "{}", endpoint.name);
            let path = format!("/api/v1{}", endpoint.path);
            let operation = &told["paths"][&path][endpoint.method];
            assert_eq!(operation["operationId"], endpoint.name, "{path}");
            let schemas = &told["components"]["schemas"];
            assert!(
                schemas.get(endpoint.answer).is_some(),
                "{}",
                endpoint.answer
            );
            for name in endpoint.query {
                assert!(PARAMETERS.iter().any(|(known, _)| known == name), "{name}");
            }
        }
    }
}
