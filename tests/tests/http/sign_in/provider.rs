//! A real OpenID provider in a process of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    client::{Caller, claims},
    jwt::ProviderKey,
    world::{Engine, PUBLIC_URL, World},
};

pub(crate) const CLIENT_ID: &str = "family-plan";
pub(crate) const CLIENT_SECRET: &str = "cl13nt-s3cr3t-0f-th3-s3rv1c3";

/// It ends with the test.
pub(crate) struct Provider {
    /// Its address, without a slash at the end.
    pub(crate) issuer: String,
    /// What it signs with.
    pub(crate) key: ProviderKey,
    client: Value,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// The folder with the provider and all that it needs. It is kept under Cargo's target directory, so that only the first
/// run needs the network.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid-provider");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openid-provider");
        fs::create_dir_all(&folder).unwrap();
        for name in ["package.json", "package-lock.json", "provider.mjs"] {
            fs::copy(source.join(name), folder.join(name)).unwrap();
        }
        let wanted = fs::read(source.join("package-lock.json")).unwrap();
        // Written last, so an interrupted installation is begun again.
        let done = folder.join("installed-package-lock.json");
        if fs::read(&done).is_ok_and(|it| it == wanted) {
            return folder;
        }
        let advice = "this test needs Node.js 18 or later and npm (Debian: apt install nodejs npm), and the npm \
                      registry on its first run";
        let mut npm = std::process::Command::new("npm");
        npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        let output = npm.output().unwrap_or_else(|err| panic!("cannot run npm: {err}\n{advice}"));
        assert!(output.status.success(), "{}\n{advice}", String::from_utf8_lossy(&output.stderr));
        fs::write(done, wanted).unwrap();
        folder
    })
}

impl Provider {
    /// Starts one that knows this service under its usual public URL.
    pub(crate) async fn start() -> Self {
        Self::knowing(json!({"client_secret": CLIENT_SECRET})).await
    }

    /// Starts one that knows this service, and this of it.
    pub(crate) async fn knowing(client: Value) -> Self {
        let mut node = Command::new("node");
        node.arg("provider.mjs").current_dir(installed()).kill_on_drop(true);
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut provider = Self {
            issuer: String::new(),
            key: ProviderKey::elliptic("first"),
            client,
            stdin: child.stdin.take().unwrap(),
            stdout,
            _child: child,
        };
        provider.recover().await;
        provider
    }

    /// From now on it answers nothing.
    pub(crate) async fn fail(&mut self) {
        self.tell(&json!({"down": true})).await;
    }

    /// From now on it does what providers do.
    pub(crate) async fn recover(&mut self) {
        let mut client = json!({
            "client_id": CLIENT_ID,
            "redirect_uris": [format!("{PUBLIC_URL}login/callback")],
            "post_logout_redirect_uris": [format!("{PUBLIC_URL}logout")],
            "id_token_signed_response_alg": "ES256",
        });
        client.as_object_mut().unwrap().extend(self.client.as_object().unwrap().clone());
        self.tell(&json!({"client": client, "keys": [self.key.private()]})).await;
    }

    /// From now on it signs with another key, and nobody knows the former one any more.
    pub(crate) async fn rotate(&mut self) {
        self.key = ProviderKey::elliptic("second");
        self.recover().await;
    }

    async fn tell(&mut self, wish: &Value) {
        self.stdin.write_all(format!("{wish}\n").as_bytes()).await.unwrap();
        let line = self.stdout.next_line().await.unwrap().expect("the provider ended");
        let told: Value = serde_json::from_str(&line).unwrap();
        told["issuer"].as_str().unwrap().clone_into(&mut self.issuer);
    }

    /// A server that signs people in here, with these settings besides.
    pub(crate) async fn world(&self, changes: &[(&str, &str)]) -> World {
        let own = [
            ("AUTH__HS256_SECRET", ""),
            ("AUTH__COOKIE", ""),
            ("LINKS__LOGIN_URL", ""),
            ("AUTH__ISSUER", self.issuer.as_str()),
            ("AUTH__OIDC_CLIENT_ID", CLIENT_ID),
            ("AUTH__OIDC_CLIENT_SECRET", CLIENT_SECRET),
        ];
        World::with(Engine::Sqlite, &[&own[..], changes].concat()).await
    }

    /// Somebody with a token of the provider, from another application.
    pub(crate) fn user(&self, world: &World, id: &str) -> Caller {
        world.anonymous().with_token(self.token(id, &json!({})))
    }

    /// A token with these claims besides the usual ones.
    pub(crate) fn token(&self, id: &str, changes: &Value) -> String {
        let mut claims = claims(id);
        claims["iss"] = json!(self.issuer);
        claims["aud"] = json!(CLIENT_ID);
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.key.sign(&claims)
    }
}
