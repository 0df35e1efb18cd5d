//! The API as an OpenAPI 3.1 document: `GET /api/v1/openapi.json`, for programs that make their own clients.
//!
//! Paths, scopes and words come from the table of `index`, shapes from `schemas.json`, which a test holds against the answers
//! that the API gives. Invariant: an object of an answer has no field that its schema does not name.

use axum::Json;
use serde_json::{Map, Value, json};

use super::index::{OPERATIONS, Operation};

/// Schemas and parameters of queries, by name.
const SHAPES: &str = include_str!("schemas.json");

/// `GET /openapi.json`
pub(super) async fn document() -> Json<Value> {
    Json(told())
}

fn told() -> Value {
    let mut shapes: Value = serde_json::from_str(SHAPES).expect("a test reads it");
    let mut paths: Map<String, Value> = Map::new();
    for operation in &OPERATIONS {
        let path = paths.entry(format!("/api/v1{}", operation.path)).or_insert_with(|| json!({}));
        path[operation.method.to_lowercase()] = of(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "pagedesk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What programs can ask of a node. Times are whole milliseconds since 1970-01-01T00:00:00Z; ids \
                            are text; an unknown field or parameter is refused.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "header": [] }, {}],
        "paths": paths,
        "components": {
            "schemas": shapes["schemas"].take(),
            "parameters": shapes["parameters"].take(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "header": { "type": "apiKey", "in": "header", "name": "X-Pagedesk-Token" },
            },
            "responses": {
                "Refused": {
                    "description": "It was refused: a stable code, and a sentence for people.",
                    "content": { "application/json": { "schema": schema("Error") } },
                },
            },
        },
    })
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn of(operation: &Operation) -> Value {
    let (status, answer) = operation.answer;
    let mut told = json!({
        "operationId": id(operation),
        "summary": operation.about,
        "description": format!("A token wants the scope `{}`.", operation.scope.word()),
        "parameters": parameters(operation),
        "responses": {
            (status.to_string()): {
                "description": "Done.",
                "content": { "application/json": { "schema": schema(answer) } },
            },
            "default": { "$ref": "#/components/responses/Refused" },
        },
    });
    if let Some(body) = operation.body {
        let mut content = json!({ "application/json": { "schema": schema(body) } });
        if body == "MessageWanted" {
            content["application/x-www-form-urlencoded"] = json!({ "schema": schema("MessageForm") });
        }
        told["requestBody"] = json!({ "required": true, "content": content });
    }
    told
}

/// `get_tasks_task_comments`
fn id(operation: &Operation) -> String {
    let words = operation.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let path = if words.is_empty() { "index".to_owned() } else { words.join("_") };
    format!("{}_{path}", operation.method.to_lowercase())
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let filled = operation.path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}'));
    let of_path = filled.map(|name| {
        let shape = if name == "part" { json!({ "type": "integer" }) } else { json!({ "type": "string" }) };
        json!({ "name": name, "in": "path", "required": true, "schema": shape })
    });
    let of_query = operation.query.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    // A form may have it as a field.
    let key = operation.body.map(|_| {
        json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "1 to 200 visible ASCII characters; the same call under the same key is carried out once. \
                            Wanted for messages.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
        })
    });
    of_path.chain(of_query).chain(key).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Everything that is referred to, wherever it stands.
    fn references(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| match (name.as_str(), field) {
                ("$ref", Value::String(to)) => drop(into.insert(to.clone())),
                _ => references(field, into),
            }),
            Value::Array(values) => values.iter().for_each(|value| references(value, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn whatever_is_referred_to_is_there_and_nothing_else() {
        let document = told();
        let mut referred = BTreeSet::new();
        references(&document, &mut referred);
        let components = document["components"].as_object().expect("an object");
        let mut there = BTreeSet::new();
        for kind in ["schemas", "parameters", "responses"] {
            let names = components[kind].as_object().expect("an object").keys();
            there.extend(names.map(|name| format!("#/components/{kind}/{name}")));
        }
        assert_eq!(referred, there);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let names: BTreeSet<String> = OPERATIONS.iter().map(id).collect();
        assert_eq!(names.len(), OPERATIONS.len(), "{names:?}");
        assert!(names.contains("get_index") && names.contains("post_tasks_task_comments"), "{names:?}");
    }
}
