//! Runs a scenario on native cores.

use crate::city::{EmulatedCity, loopback_client};
use crate::device::{Device, DeviceError, Place};
use crate::matching::mismatch;
use crate::steps::{Save, Scenario, Step};
use crate::template;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Feedback is asked for this often: the emulators give no events.
const FEEDBACK_PAUSE: Duration = Duration::from_millis(50);

/// Where a stack answers: the line `shenhai-stack` prints.
#[derive(Debug, Clone, Deserialize)]
pub struct Links {
    /// The gateway by way of the link that can be cut.
    pub gateway: String,
    /// The gateway itself.
    pub gateway_direct: String,
    /// The emulators.
    pub city: String,
    /// The stack's controls.
    pub control: String,
}

/// Which step failed and why.
#[derive(Debug, thiserror::Error)]
#[error("step {number} ({note}): {reason}")]
pub struct Failure {
    /// From 1.
    pub number: usize,
    /// The step's words.
    pub note: String,
    /// What was expected and what came.
    pub reason: String,
}

/// A scenario under way.
pub struct Runner<'d> {
    links: Links,
    city: EmulatedCity,
    control: reqwest::Client,
    directory: &'d Path,
    saved: BTreeMap<String, Value>,
    cores: BTreeMap<String, (Place, Option<Device>)>,
}

impl<'d> Runner<'d> {
    /// A runner whose cores keep their data under `directory`.
    #[must_use]
    pub fn new(links: Links, directory: &'d Path) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
        let saved = [
            ("run", json!(since.as_millis().to_string())),
            ("now", json!(u64::try_from(since.as_millis()).unwrap_or_default())),
            ("accept_time", json!(shenhai_city::shanghai_text(seconds - 3600))),
            ("gateway", json!(links.gateway)),
        ];
        let saved = saved
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let city = EmulatedCity::new(&links.city);
        Self {
            links,
            city,
            control: loopback_client(),
            directory,
            saved,
            cores: BTreeMap::new(),
        }
    }

    /// Run every step, then close the cores.
    ///
    /// # Errors
    /// The first step that failed.
    pub async fn run(mut self, scenario: &Scenario) -> Result<(), Failure> {
        self.saved.extend(scenario.vars.clone());
        for (index, step) in scenario.steps.iter().enumerate() {
            self.step(step).await.map_err(|reason| Failure {
                number: index + 1,
                note: step.note().to_owned(),
                reason,
            })?;
        }
        for (_, device) in self.cores.into_values() {
            if let Some(device) = device {
                device.close().await;
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::PushOrder {
                channel,
                order,
                expect,
                save,
                ..
            } => {
                let answer = self
                    .city
                    .push_order(channel, &self.fill(order)?)
                    .await
                    .map_err(text)?;
                self.settle(&answer, expect, save)
            }
            Step::LoginCode { user, save, .. } => {
                let answer = self.city.login_code(user).await.map_err(text)?;
                self.settle(&answer, &json!({}), save)
            }
            Step::UntilFeedback {
                order_no,
                expect,
                within_ms,
                ..
            } => self.until_feedback(order_no, expect, *within_ms).await,
            Step::Open { core, app, .. } => self.open(core, app).await,
            Step::Reopen { core, .. } => self.reopen(core).await,
            Step::Rpc {
                core,
                method,
                params,
                expect,
                expect_error,
                save,
                ..
            } => {
                let outcome = self
                    .device(core)?
                    .outcome(method, &self.fill(params)?)
                    .await
                    .map_err(text)?;
                let (part, expected) = match expect_error {
                    Some(expected) => ("error", expected.clone()),
                    None => ("ok", expect.clone().unwrap_or_else(|| json!({}))),
                };
                let answer = outcome
                    .get(part)
                    .ok_or_else(|| format!("expected {part}, got {outcome}"))?;
                self.settle(answer, &expected, save)
            }
            Step::Until {
                core,
                method,
                params,
                expect,
                within_ms,
                save,
                ..
            } => {
                let expected = self.fill(expect)?;
                let within = Duration::from_millis(*within_ms);
                let answer = self
                    .device(core)?
                    .until(method, &self.fill(params)?, within, |reply| {
                        mismatch(&expected, reply).is_none()
                    })
                    .await;
                let answer = answer.map_err(|error| late(&error, &expected))?;
                self.settle(&answer, expect, save)
            }
            Step::Link { up, .. } => self.control("link", json!({"up": up})).await.map(drop),
            Step::DropReplies { count, expect, .. } => {
                let answer = self.control("drop-replies", json!({"count": count})).await?;
                self.settle(&answer, expect.as_ref().unwrap_or(&json!({})), &Save::new())
            }
            Step::RestartGateway { .. } => self.control("restart-gateway", json!({})).await.map(drop),
        }
    }

    async fn open(&mut self, core: &str, app: &str) -> Result<(), String> {
        let directory = self.directory.join(core);
        let place = Place {
            gateway: self.links.gateway.clone(),
            app: app.to_owned(),
            directory,
        };
        let device = Device::open(&place.gateway, &place.app, &place.directory)
            .await
            .map_err(text)?;
        self.cores.insert(core.to_owned(), (place, Some(device)));
        Ok(())
    }

    async fn reopen(&mut self, core: &str) -> Result<(), String> {
        let (place, slot) = self.cores.get_mut(core).ok_or_else(|| no_core(core))?;
        if let Some(device) = slot.take() {
            device.close().await;
        }
        *slot = Some(
            Device::open(&place.gateway, &place.app, &place.directory)
                .await
                .map_err(text)?,
        );
        Ok(())
    }

    async fn until_feedback(&self, order_no: &str, expect: &Value, within_ms: u64) -> Result<(), String> {
        let order_no = self.fill(&json!(order_no))?;
        let order_no = order_no.as_str().ok_or("order_no is not a text")?;
        let expected = self.fill(expect)?;
        let deadline = tokio::time::Instant::now() + Duration::from_millis(within_ms);
        loop {
            let feedback = self.city.feedback(order_no).await.map_err(text)?;
            let Some(difference) = mismatch(&expected, &feedback) else {
                return Ok(());
            };
            if tokio::time::Instant::now() >= deadline {
                return Err(format!("not in {within_ms} ms: {difference}; got {feedback}"));
            }
            tokio::time::sleep(FEEDBACK_PAUSE).await;
        }
    }

    async fn control(&self, path: &str, body: Value) -> Result<Value, String> {
        let url = format!("{}/{path}", self.links.control);
        let answer = self.control.post(url).json(&body).send().await.map_err(text)?;
        answer
            .error_for_status()
            .map_err(text)?
            .json()
            .await
            .map_err(text)
    }

    fn device(&self, core: &str) -> Result<&Device, String> {
        self.cores
            .get(core)
            .and_then(|(_, device)| device.as_ref())
            .ok_or_else(|| no_core(core))
    }

    fn fill(&self, value: &Value) -> Result<Value, String> {
        template::fill(value, &self.saved).map_err(|name| format!("nothing was saved as {name}"))
    }

    /// Compare and keep.
    fn settle(&mut self, answer: &Value, expect: &Value, save: &Save) -> Result<(), String> {
        if let Some(difference) = mismatch(&self.fill(expect)?, answer) {
            return Err(format!("{difference}\nexpected: {expect}\ngot: {answer}"));
        }
        for (name, pointer) in save {
            let value = answer
                .pointer(pointer)
                .ok_or_else(|| format!("no {pointer} in {answer}"))?;
            self.saved.insert(name.clone(), value.clone());
        }
        Ok(())
    }
}

fn no_core(core: &str) -> String {
    format!("core {core} is not open")
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn late(error: &DeviceError, expected: &Value) -> String {
    match error {
        DeviceError::Late { last, .. } => {
            let difference = mismatch(expected, last.get("ok").unwrap_or(last)).unwrap_or_default();
            format!("not in time: {difference}\nexpected: {expected}\ngot: {last}")
        }
        other => other.to_string(),
    }
}
