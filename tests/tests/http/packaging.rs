//! That images, units and manifests are as their own tools want them, and name only what is there.

mod lints;
mod manifests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use family_plan_server::configuration::{Configuration, Mistakes, Sources};
use serde_json::Value;

use crate::{program, world::SECRET_KEY};

use self::manifests::{documents, of_kind, strings};

/// What every installation has to say for itself, by the names of the configuration.
const FILLED_IN: &[(&str, &str)] = &[
    ("SERVER__SECRET_KEY", SECRET_KEY),
    ("SERVER__PUBLIC_URL", "https://family.example.com"),
    ("LINKS__LOGIN_URL", "https://example.com/login"),
    ("LINKS__DASHBOARD_URL", "https://example.com/dashboard"),
    ("DATABASE__URL", "postgres://family:s3cret@db.example.com/family"),
    ("AUTH__JWKS_URL", "https://id.example.com/jwks.json"),
    ("AUTH__ISSUER", "https://id.example.com/"),
    ("AUTH__AUDIENCE", "family-plan"),
    ("ZAMMAD__URL", "https://help.example.com"),
    ("ZAMMAD__TOKEN", "t0k3n"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|err| panic!("{name}: {err}"))
}

fn configured(variables: HashMap<String, String>) -> Result<Configuration, Mistakes> {
    Sources::read_from(None, variables).unwrap().configuration()
}

fn filled_in(name: &str) -> Option<String> {
    let name = name.strip_prefix("FAMILY_PLAN__")?;
    FILLED_IN.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
}

/// That the program has a command of this name.
async fn has_command(command: &[&str]) {
    let ended = program::run(&[command, &["--help"]].concat(), &HashMap::new()).await;
    assert!(ended.status.success(), "{command:?}: {}", ended.stderr);
}

/// That the server answers a GET of this path, as its OpenAPI document says.
fn has_path(path: &str) {
    let document: Value = serde_json::from_str(&read("openapi/family-plan.json")).unwrap();
    assert!(document["paths"][path]["get"].is_object(), "{path}");
}

/// The values of `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in a text; `None` where one that must be is not
/// there.
fn interpolated(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_owned()) };
    let (expression, after) = rest.split_once('}').unwrap();
    let (name, must_be) = match expression.split_once(":?") {
        Some((name, _)) => (name, true),
        None => (expression.strip_suffix(":-").expect(":? or :-"), false),
    };
    let value = values.get(name).filter(|it| !it.is_empty());
    if must_be && value.is_none() {
        return None;
    }
    let after = interpolated(after, values)?;
    Some(format!("{before}{}{after}", value.map_or("", String::as_str)))
}

/// The names in `${…}`.
fn variables(text: &str) -> BTreeSet<String> {
    let names = text.split("${").skip(1).map(|it| it.split([':', '}']).next().unwrap().to_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_composed_service_is_configured_once_everything_is_filled_in() {
    let compose = &documents(&["compose.yaml"])["compose.yaml"][0];
    let example: BTreeSet<String> = read("ops/compose.env.example")
        .lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty())
        .map(|it| it.strip_suffix('=').expect("a name without a value").to_owned())
        .collect();
    let server = &compose["services"]["server"];
    let environment = strings(&server["environment"]);
    let named: BTreeSet<String> = environment.values().flat_map(|it| variables(it)).collect();
    assert_eq!(named, example);

    // Each is filled in with what belongs to the setting it is for; of some only a part comes from outside.
    let mut values: BTreeMap<String, String> = environment
        .iter()
        .filter_map(|(name, text)| Some((variables(text).first()?.clone(), filled_in(name)?)))
        .collect();
    values.insert("DATABASE_PASSWORD".to_owned(), "s3cret".to_owned());
    let with = |values: &BTreeMap<String, String>| -> Option<HashMap<String, String>> {
        environment.iter().map(|(name, it)| Some((name.clone(), interpolated(it, values)?))).collect()
    };
    let configuration = configured(with(&values).unwrap()).unwrap();
    for name in values.keys() {
        let mut fewer = values.clone();
        fewer.remove(name);
        assert!(with(&fewer).is_none(), "{name} has a default");
    }

    let published = server["ports"][0].as_str().unwrap();
    assert!(published.starts_with("127.0.0.1:"), "the proxy on this machine, and nobody else");
    assert!(published.ends_with(&format!(":{}", configuration.server.listen.port())), "{published}");
    for service in ["server", "migrate"] {
        let command = compose["services"][service]["command"][0].as_str().unwrap();
        has_command(&[command]).await;
        assert_eq!(
            compose["services"][service]["image"],
            format!("family-plan:{}", env!("CARGO_PKG_VERSION"))
        );
    }
    has_command(&[server["healthcheck"]["test"][2].as_str().unwrap()]).await;
    for service in ["server", "migrate", "database"] {
        let service = &compose["services"][service];
        assert_eq!((&service["read_only"], &service["cap_drop"][0]), (&true.into(), &"ALL".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifests_of_kubernetes_name_what_is_there() {
    let listed = &documents(&["ops/kubernetes/kustomization.yaml"])["ops/kubernetes/kustomization.yaml"][0];
    assert_eq!(listed["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
    let files: BTreeSet<String> = fs::read_dir(root().join("ops/kubernetes"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| !["kustomization.yaml", "secret.example.yaml"].contains(&&**it))
        .collect();
    let resources = listed["resources"].as_array().unwrap().iter();
    assert_eq!(resources.map(|it| it.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), files);

    let mut variables = HashMap::from_iter(strings(&of_kind("ConfigMap")["data"]));
    for (name, value) in strings(&of_kind("Secret")["stringData"]) {
        assert_eq!(value, "", "{name} has a value");
        variables.insert(name.clone(), filled_in(&name).unwrap_or_default());
    }
    let configuration = configured(variables).unwrap();

    for (kind, command) in [("Deployment", "serve"), ("Job", "migrate")] {
        let pod = &of_kind(kind)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(container["args"], serde_json::json!([command]));
        has_command(&[command]).await;
        let sources = container["envFrom"].as_array().unwrap();
        assert_eq!(sources[0]["configMapRef"]["name"], of_kind("ConfigMap")["metadata"]["name"]);
        assert_eq!(sources[1]["secretRef"]["name"], of_kind("Secret")["metadata"]["name"]);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    }
    let pod = &of_kind("Deployment")["spec"]["template"];
    let container = &pod["spec"]["containers"][0];
    let port = configuration.server.listen.port();
    assert_eq!(container["ports"][0]["containerPort"], port);
    assert_eq!(pod["metadata"]["annotations"]["prometheus.io/port"], port.to_string());
    assert_eq!(of_kind("NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"], port);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        has_path(container[probe]["httpGet"]["path"].as_str().unwrap());
    }
    // Whoever is told to stop has the time that stopping takes at most.
    let drain = configuration.server.patience.drain.as_secs();
    let before = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap();
    assert!(before + 2 * drain + 3 < pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap());
    for selector in [
        &of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        &of_kind("Service")["spec"]["selector"],
        &of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ] {
        assert_eq!(*selector, pod["metadata"]["labels"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_the_unit_is_a_configuration_once_it_is_filled_in() {
    let file = root().join("ops/systemd/family-plan.toml");
    let read = |variables| Sources::read_from(Some(&file), variables).unwrap().configuration();
    let mistakes = read(HashMap::new()).unwrap_err();
    // It has a database of its own.
    let missing = FILLED_IN.iter().filter(|(name, _)| *name != "DATABASE__URL");
    for (name, _) in missing.clone().filter(|(it, _)| !["AUTH__ISSUER", "AUTH__AUDIENCE"].contains(it)) {
        let name = name.replace("AUTH__JWKS_URL", "AUTH__HS256_SECRET");
        let is_named = mistakes.all().iter().any(|it| it.name == format!("FAMILY_PLAN__{name}"));
        assert!(is_named, "{name}: {mistakes}");
    }
    let filled: HashMap<_, _> =
        missing.map(|(name, value)| (format!("FAMILY_PLAN__{name}"), (*value).to_owned())).collect();
    read(filled).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_runs_commands_that_there_are() {
    let dockerfile = read("Dockerfile");
    let line = |begin: &str| {
        let line = dockerfile.lines().find_map(|it| it.trim().strip_prefix(begin));
        line.unwrap_or_else(|| panic!("no {begin}")).trim().to_owned()
    };
    let last = |list: &str| -> String {
        let list: Vec<String> = serde_json::from_str(&list[list.find('[').unwrap()..]).unwrap();
        list.last().unwrap().clone()
    };
    has_command(&[&last(&line("CMD"))]).await;
    has_command(&[&last(&line("HEALTHCHECK"))]).await;
    let (name, value) = line("ENV").split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let mut variables: HashMap<_, _> =
        FILLED_IN.iter().map(|(name, it)| (format!("FAMILY_PLAN__{name}"), (*it).to_owned())).collect();
    variables.insert(name, value);
    assert_eq!(configured(variables).unwrap().server.listen.port().to_string(), line("EXPOSE"));
    // What is compiled with is what the workspace asks for at least.
    assert!(line("FROM rust:").starts_with(env!("CARGO_PKG_RUST_VERSION")));
}
