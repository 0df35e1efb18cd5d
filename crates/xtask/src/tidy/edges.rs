//! The edges between crates that must not exist, read from `cargo metadata`: pure crates stay pure, one crate knows
//! each framework, imports point down. Normal dependencies count; those of tests and of build scripts do not.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::Deserialize;

use super::Finding;
use crate::shell;

/// Crates that decide and never act: no runtime, store, socket, clock or chance, however far down.
const PURE: [&str; 6] = ["model", "sabotage", "webhook", "policy", "machine", "oracle"];
/// What a pure crate must not reach.
const IMPURE: [&str; 19] = [
    "tokio",
    "ractor",
    "redb",
    "hyper",
    "hyper-util",
    "axum",
    "reqwest",
    "rustls",
    "mio",
    "socket2",
    "rand",
    "getrandom",
    "fastrand",
    "time",
    "chrono",
    "jiff",
    "uuid",
    "tempfile",
    "tracing",
];

/// Frameworks that only some crates may import directly. `it` is the test crate.
const ONLY_IN: [(&str, &[&str]); 6] = [
    ("hyper", &["web", "simulator", "it"]),
    ("hyper-util", &["web", "simulator", "it"]),
    ("axum", &["web", "simulator"]),
    ("ractor", &["actors"]),
    ("reqwest", &["messenger", "pagedesk", "simulator", "it"]),
    ("redb", &["journal", "tracker", "view", "simulator", "it"]),
];

/// Crates of ours that only some crates may import directly.
const ENTRANCES: [(&str, &[&str]); 3] =
    [("simulator", &["pagedesk", "fuzz", "it"]), ("fuzz", &[]), ("pagedesk", &["fuzz", "it"])];

/// Crates of ours and what of ours they must not reach, however far down.
const BLIND: [(&str, &[&str]); 3] = [
    ("journal", &["model", "webhook", "policy", "machine"]),
    ("oracle", &["webhook", "policy", "machine", "journal", "sabotage"]),
    ("web", &["actors", "node"]),
];

/// Features that would change what everybody else sees.
const FEATURES: [(&str, &str, &str); 3] = [
    ("ractor", "async-trait", "it changes the Actor trait for the whole tree"),
    ("serde_json", "preserve_order", "it changes stored bytes and traces for the whole tree"),
    ("serde_json", "arbitrary_precision", "it changes how numbers are read for the whole tree"),
];

/// Features of ours that tests switch on and that nothing which ships may have.
const TESTS_ONLY: [&str; 2] = ["failpoints", "sabotage"];

/// Who imports whom.
#[derive(Debug, Default)]
pub struct Graph {
    /// Normal dependencies by package; several versions of one package are one.
    edges: BTreeMap<String, BTreeSet<String>>,
    /// The features that are on, by package.
    features: BTreeMap<String, BTreeSet<String>>,
    /// Our own crates.
    members: BTreeSet<String>,
    /// What a build without flags switches on: by crate of ours its default features with all that follow from them, and
    /// the features that it asks of its normal dependencies, as `crate/feature`.
    plain: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot say, for instance because a manifest is wrong.
    pub fn ask() -> anyhow::Result<Self> {
        Self::read(&shell::text("cargo", &["metadata", "--format-version", "1"])?)
    }

    /// Reads what `cargo metadata --format-version 1` prints.
    ///
    /// # Errors
    /// When the shape is not that of format 1.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let metadata: Metadata = serde_json::from_str(text).context("cargo metadata has another shape")?;
        let names: BTreeMap<&str, &str> =
            metadata.packages.iter().map(|package| (&*package.id, &*package.name)).collect();
        let name =
            |id: &str| names.get(id).map(|name| (*name).to_owned()).context("cargo metadata names no such package");
        let mut graph = Self::default();
        for node in &metadata.resolve.nodes {
            let from = name(&node.id)?;
            let normal = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            let to = normal.map(|dep| name(&dep.pkg)).collect::<anyhow::Result<Vec<_>>>()?;
            graph.edges.entry(from.clone()).or_default().extend(to);
            graph.features.entry(from).or_default().extend(node.features.iter().cloned());
        }
        graph.members = metadata.workspace_members.iter().map(|id| name(id)).collect::<anyhow::Result<_>>()?;
        let ours = metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
        graph.plain = ours.map(|package| (package.name.clone(), package.plain())).collect();
        Ok(graph)
    }

    /// True when `from` imports `to` itself.
    fn imports(&self, from: &str, to: &str) -> bool {
        self.edges.get(from).is_some_and(|edges| edges.contains(to))
    }

    /// Everything that `from` reaches, each with the one through which it was first reached.
    fn reach<'a>(&'a self, from: &'a str) -> BTreeMap<&'a str, &'a str> {
        let mut through = BTreeMap::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for to in self.edges.get(at).into_iter().flatten() {
                if to != from && !through.contains_key(&**to) {
                    through.insert(&**to, at);
                    open.push(to);
                }
            }
        }
        through
    }
}

/// Finds the forbidden edges.
pub fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for from in PURE {
        findings.extend(reached(graph, from, &IMPURE, "take it as an argument or move the code to a shell"));
    }
    for (from, forbidden) in BLIND {
        findings.extend(reached(graph, from, forbidden, "this crate must not know that one; see docs/ARCHITECTURE.md"));
    }
    for (framework, allowed) in ONLY_IN.into_iter().chain(ENTRANCES) {
        let others = graph.members.iter().filter(|member| !allowed.contains(&&***member) && *member != framework);
        for from in others.filter(|member| graph.imports(member, framework)) {
            findings.push(edge(from, framework, &format!("only {} may import it", allowed.join(", "))));
        }
    }
    for (package, feature, why) in FEATURES {
        if graph.features.get(package).is_some_and(|features| features.contains(feature)) {
            let what = format!("the feature `{feature}` of {package} is on");
            findings.push(Finding::error("Cargo.toml", what, format!("switch it off: {why}")));
        }
    }
    for (member, features) in &graph.plain {
        let named = |feature: &&String| TESTS_ONLY.iter().any(|only| feature.rsplit('/').next() == Some(only));
        for feature in features.iter().filter(named) {
            let what = format!("a build without flags has the feature `{feature}`");
            let remedy = "it is for tests alone: ask for it under [dev-dependencies] or with --features";
            findings.push(Finding::error(member, what, remedy));
        }
    }
    findings
}

/// The forbidden packages that a crate reaches, each with the way there.
fn reached(graph: &Graph, from: &str, forbidden: &[&str], remedy: &str) -> Vec<Finding> {
    let through = graph.reach(from);
    let found = forbidden.iter().filter(|to| through.contains_key(**to));
    found.map(|to| edge(from, &way(&through, from, to), remedy)).collect()
}

/// The way from a crate to what it reaches, without the crate itself: `a -> b -> c`.
fn way(through: &BTreeMap<&str, &str>, from: &str, to: &str) -> String {
    let mut steps = vec![to];
    while let Some(before) = through.get(steps[steps.len() - 1]).filter(|before| **before != from) {
        steps.push(before);
    }
    steps.reverse();
    steps.join(" -> ")
}

/// The finding for one edge.
fn edge(from: &str, way: &str, remedy: &str) -> Finding {
    Finding::error(from, format!("forbidden edge {from} -> {way}"), remedy)
}

/// What is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    dependencies: Vec<Declared>,
}

impl Package {
    /// What a build of it without flags switches on.
    fn plain(&self) -> BTreeSet<String> {
        let mut on = BTreeSet::new();
        let mut open = vec!["default"];
        while let Some(at) = open.pop() {
            if on.insert(at.to_owned()) {
                open.extend(self.features.get(at).into_iter().flatten().map(String::as_str));
            }
        }
        let normal = self.dependencies.iter().filter(|dependency| dependency.kind.is_none());
        on.extend(normal.flat_map(|Declared { name, features, .. }| {
            features.iter().map(move |feature| format!("{name}/{feature}"))
        }));
        on
    }
}

/// A dependency as a manifest declares it; `kind` as in [`DepKind`].
#[derive(Deserialize)]
struct Declared {
    name: String,
    kind: Option<String>,
    features: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dep>,
    features: Vec<String>,
}

#[derive(Deserialize)]
struct Dep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

/// `kind` is `null` for a normal dependency, else `dev` or `build`.
#[derive(Deserialize)]
struct DepKind {
    kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.edges.insert((*from).to_owned(), to.iter().map(ToString::to_string).collect());
            graph.members.insert((*from).to_owned());
        }
        graph
    }

    fn whats(graph: &Graph) -> Vec<String> {
        check(graph).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_pure_crate_that_reaches_a_runtime_is_found_with_the_way_there() {
        let graph = graph(&[("policy", &["model", "clever"]), ("clever", &["deep"]), ("deep", &["tokio"])]);
        assert_eq!(whats(&graph), ["forbidden edge policy -> clever -> deep -> tokio"]);
    }

    #[test]
    fn a_framework_is_imported_by_its_own_crates_only() {
        assert!(whats(&graph(&[("web", &["hyper", "axum"]), ("actors", &["ractor"])])).is_empty());
        assert_eq!(whats(&graph(&[("node", &["hyper"])])), ["forbidden edge node -> hyper"]);
        assert_eq!(whats(&graph(&[("web", &["ractor"])])), ["forbidden edge web -> ractor"]);
        assert_eq!(whats(&graph(&[("tracker", &["reqwest"])])), ["forbidden edge tracker -> reqwest"]);
    }

    #[test]
    fn what_a_library_brings_along_is_its_own_affair() {
        let mut graph = graph(&[("messenger", &["reqwest"])]);
        graph.edges.insert("reqwest".to_owned(), BTreeSet::from(["hyper".to_owned()]));
        assert!(whats(&graph).is_empty());
    }

    #[test]
    fn the_journal_knows_no_domain_crate() {
        assert_eq!(whats(&graph(&[("journal", &["model", "redb"])])), ["forbidden edge journal -> model"]);
    }

    #[test]
    fn the_oracle_sees_the_model_alone() {
        assert!(whats(&graph(&[("oracle", &["model"])])).is_empty());
        assert_eq!(whats(&graph(&[("oracle", &["model", "policy"])])), ["forbidden edge oracle -> policy"]);
    }

    #[test]
    fn no_library_imports_the_simulator_or_the_binary() {
        assert!(whats(&graph(&[("pagedesk", &["simulator"]), ("it", &["simulator", "pagedesk"])])).is_empty());
        assert_eq!(whats(&graph(&[("node", &["simulator"])])), ["forbidden edge node -> simulator"]);
        assert_eq!(whats(&graph(&[("simulator", &["pagedesk"])])), ["forbidden edge simulator -> pagedesk"]);
    }

    #[test]
    fn features_that_change_everybody_are_found() {
        let mut graph = graph(&[]);
        graph.features.insert("serde_json".to_owned(), BTreeSet::from(["preserve_order".to_owned()]));
        graph.features.insert("ractor".to_owned(), BTreeSet::from(["tokio_runtime".to_owned()]));
        assert_eq!(whats(&graph), ["the feature `preserve_order` of serde_json is on"]);
    }

    #[test]
    fn a_feature_for_tests_that_a_plain_build_has_is_found() {
        let found = |features: &str, dependencies: &str| {
            let text = format!(
                r#"{{"packages":[{{"id":"p1","name":"pagedesk","features":{features},"dependencies":{dependencies}}}],
                "workspace_members":["p1"],"resolve":{{"nodes":[]}}}}"#
            );
            whats(&Graph::read(&text).unwrap())
        };
        let sabotage = "a build without flags has the feature `sabotage/sabotage`";
        let offered = r#"{"default":[],"sabotage":["sabotage/sabotage"]}"#;
        let tested = r#"[{"name":"sabotage","kind":"dev","features":["sabotage"]}]"#;
        assert!(found(offered, tested).is_empty());
        let by_default = r#"{"default":["all"],"all":["sabotage/sabotage"]}"#;
        assert_eq!(found(by_default, "[]"), [sabotage]);
        let asked = r#"[{"name":"sabotage","kind":null,"features":["sabotage"]}]"#;
        assert_eq!(found(offered, asked), [sabotage]);
    }

    #[test]
    fn only_normal_dependencies_are_read_from_the_metadata() {
        let text = r#"{"packages":[{"id":"p1","name":"policy"},{"id":"t1","name":"tokio"},{"id":"r1","name":"rand"}],
            "workspace_members":["p1"],"resolve":{"nodes":[
            {"id":"p1","features":["default"],"deps":[{"pkg":"t1","dep_kinds":[{"kind":null}]},
            {"pkg":"r1","dep_kinds":[{"kind":"dev"},{"kind":"build"}]}]},
            {"id":"t1","features":[],"deps":[]},{"id":"r1","features":[],"deps":[]}]}}"#;
        let graph = Graph::read(text).unwrap();
        assert_eq!(whats(&graph), ["forbidden edge policy -> tokio"]);
        assert!(graph.members.contains("policy"));
    }

    #[test]
    fn packages_that_import_one_another_do_not_hang_the_check() {
        assert!(whats(&graph(&[("model", &["a"]), ("a", &["b"]), ("b", &["a", "model"])])).is_empty());
    }
}
