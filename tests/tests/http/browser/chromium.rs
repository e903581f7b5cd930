//! Chromium, driven as a person would.

use std::{fs, net::SocketAddr, process::Stdio};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver, WebElement,
    cdp::domains::emulation::{MediaFeature, SetDeviceMetricsOverride, SetEmulatedMedia},
    prelude::ElementQueryable,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};
use url::Url;

use crate::waiting::eventually;

/// Nothing but what a page asks for, from nowhere but this machine.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-proxy-server",
];

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    On,
    Off,
}

/// What a page is looked at with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    pub(super) name: &'static str,
    width: u32,
    height: u32,
    is_dark: bool,
}

impl Screen {
    /// The narrowest that pages have to fit on.
    pub(super) const PHONE: Self = Self { name: "phone", width: 320, height: 640, is_dark: false };
    pub(super) const DESKTOP: Self = Self { name: "desktop", width: 1280, height: 800, is_dark: false };

    /// The usual ones.
    pub(super) const ALL: [Self; 4] = [
        Self::PHONE,
        Self { name: "phone-dark", is_dark: true, ..Self::PHONE },
        Self::DESKTOP,
        Self { name: "desktop-dark", is_dark: true, ..Self::DESKTOP },
    ];
}

/// A browser with a profile of its own, signed in nowhere.
pub(super) struct Browser {
    // Ends before its driver does.
    driver: WebDriver,
    chromedriver: Chromedriver,
}

impl Browser {
    /// Starts one that finds the `hosts`, at port 80, at these addresses.
    pub(super) async fn start(hosts: &[(&str, SocketAddr)], scripts: Scripts) -> Self {
        let chromedriver = Chromedriver::start().await;
        let rules: Vec<String> =
            hosts.iter().map(|(host, address)| format!("MAP {host}:80 {address}")).collect();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument).unwrap();
        }
        capabilities.add_arg(&format!("--host-resolver-rules={}", rules.join(","))).unwrap();
        if rustix::process::geteuid().is_root() {
            // Chromium's sandbox does not start for root.
            capabilities.add_arg("--no-sandbox").unwrap();
        }
        if scripts == Scripts::Off {
            let never = json!({"profile.managed_default_content_settings.javascript": 2});
            capabilities.add_experimental_option("prefs", never).unwrap();
        }
        let driver = WebDriver::new(chromedriver.url(), capabilities).await;
        let driver = driver.unwrap_or_else(|err| {
            panic!("Chromium does not start: {err} (Debian: apt install chromium chromium-driver)")
        });
        Self { driver, chromedriver }
    }

    /// Ends it.
    pub(super) async fn end(self) {
        self.driver.quit().await.unwrap();
        self.chromedriver.end().await;
    }

    /// Goes to an address.
    pub(super) async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Where it is.
    pub(super) async fn url(&self) -> Url {
        self.driver.current_url().await.unwrap()
    }

    /// Waits until it is at `url`.
    pub(super) async fn arrives_at(&self, url: &str) {
        eventually(&format!("at {url}"), async || self.url().await.as_str() == url).await;
    }

    /// Sets a cookie, as the site at `domain` would have done before.
    pub(super) async fn keep_cookie(&self, name: &str, value: &str, domain: &str) {
        let cookie = json!({
            // With the dot it is for every host below the domain, too.
            "name": name, "value": value, "domain": format!(".{domain}"), "path": "/", "httpOnly": true, "sameSite": "Lax",
        });
        self.command("Network.setCookie", cookie).await;
    }

    /// Lets pages use the clipboard without asking.
    pub(super) async fn allow_clipboard(&self) {
        let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        self.command("Browser.grantPermissions", permissions).await;
    }

    /// Looks at pages on this screen from now on.
    pub(super) async fn look_at(&self, screen: Screen) {
        let metrics = SetDeviceMetricsOverride {
            width: screen.width,
            height: screen.height,
            device_scale_factor: 1.0,
            mobile: false,
            scale: None,
            screen_orientation: None,
        };
        self.driver.cdp().send(metrics).await.unwrap();
        let scheme = if screen.is_dark { "dark" } else { "light" };
        let feature = MediaFeature { name: "prefers-color-scheme".to_owned(), value: scheme.to_owned() };
        let media = SetEmulatedMedia { media: None, features: Some(vec![feature]) };
        self.driver.cdp().send(media).await.unwrap();
    }

    /// The one element that is named by `selector`, in CSS, as soon as it is there.
    pub(super) async fn find(&self, selector: &str) -> WebElement {
        self.driver.query(By::Css(selector)).single().await.unwrap()
    }

    /// How many elements `selector` names.
    pub(super) async fn count(&self, selector: &str) -> usize {
        self.driver.find_all(By::Css(selector)).await.unwrap().len()
    }

    /// What a person reads.
    pub(super) async fn text(&self) -> String {
        self.find("body").await.text().await.unwrap()
    }

    /// Waits until `selector` names something that has `text` in it. Until a form is answered, there is the page before.
    pub(super) async fn reads(&self, selector: &str, text: &str) {
        let look = async || match self.driver.find(By::Css(selector)).await {
            Ok(found) => found.text().await.is_ok_and(|it| it.contains(text)),
            Err(_) => false,
        };
        eventually(&format!("{selector} reads {text}"), look).await;
    }

    /// The page's title.
    pub(super) async fn title(&self) -> String {
        self.driver.title().await.unwrap()
    }

    /// Presses the one button.
    pub(super) async fn press(&self) {
        self.find("button").await.click().await.unwrap();
    }

    /// Types a key, wherever the focus is.
    pub(super) async fn key(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.unwrap();
    }

    /// The element that has the focus.
    pub(super) async fn focused(&self) -> WebElement {
        self.driver.active_element().await.unwrap()
    }

    /// Runs a script in the page, past its policy.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// Runs a script that calls its last argument with its answer.
    pub(super) async fn run_until_called(&self, script: &str) -> Value {
        self.driver.execute_async(script, vec![]).await.unwrap().json().clone()
    }

    /// The page as a PNG, also what is below the edge of the screen.
    pub(super) async fn picture(&self) -> Vec<u8> {
        let size = "const { clientWidth, scrollHeight } = document.documentElement; return [clientWidth, scrollHeight];";
        let size = self.run(size).await;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let picture = json!({"captureBeyondViewport": true, "clip": clip});
        let picture = self.command("Page.captureScreenshot", picture).await;
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    async fn command(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.unwrap()
    }
}

/// The process that drives a browser.
struct Chromedriver {
    port: u16,
    process: Child,
    _reader: JoinHandle<()>,
    // Goes last: the profile is in it.
    folder: TempDir,
}

impl Chromedriver {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("TMPDIR", folder.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|err| {
            panic!(
                "there is no Chromium with its driver: {err} (Debian: apt install chromium chromium-driver)"
            )
        });
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver listens");
            let port = line
                .rsplit_once(" successfully on port ")
                .and_then(|(_, it)| it.trim_end_matches('.').parse().ok());
            if let Some(port) = port {
                break port;
            }
        };
        // It could not write on when nobody read it.
        let reader = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { port, process, _reader: reader, folder }
    }

    async fn end(mut self) {
        self.process.kill().await.unwrap();
        // What Chromium has started ends a little later, and writes until then.
        let folder = self.folder.path();
        eventually("the profile is gone", async || fs::remove_dir_all(folder).is_ok() || !folder.exists())
            .await;
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
