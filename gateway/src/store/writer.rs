//! The one writer: jobs that arrive together share one durable commit (group commit).
//!
//! Not what a job does. A commit with synchronous=FULL costs a disk flush whatever it holds, so the writer
//! takes every job that waits, gives each its own savepoint, commits once and only then answers them all.
//! Called through `Store::write`.

use super::heads::Heads;
use super::seals::{Seals, Unsealed};
use super::{Rows, StoreError, Tx};
use rusqlite::Connection;
use shenhai_protocol::ScopeId;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The name of the writer's thread, for whoever must not run in it.
pub(crate) const WRITER: &str = "store-writer";
/// Jobs in one commit at most: bounds how long the first of them waits.
const JOBS_PER_COMMIT: usize = 256;

/// How often the writer committed and how many jobs those commits held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterStats {
    /// Commits.
    pub commits: u64,
    /// Jobs.
    pub jobs: u64,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
}

enum Message {
    Job(Box<dyn Job>),
    Stop,
}

/// A unit of work: run inside the shared transaction, answered after its commit.
trait Job: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct JobOf<F, T> {
    work: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for JobOf<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        if let Some(work) = self.work.take() {
            self.value = Some(work(tx)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { value, reply, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or(StoreError::Stopped));
        // Whoever asked may have gone; the work stands all the same.
        let _ = reply.send(answer);
    }
}

pub(super) struct Writer {
    messages: Sender<Message>,
    counters: Arc<Counters>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub(super) fn start(conn: Connection, heads: Arc<Heads>, seals: Arc<Seals>) -> std::io::Result<Self> {
        let (messages, inbox) = channel();
        let counters = Arc::new(Counters::default());
        let thread = {
            let counters = Arc::clone(&counters);
            std::thread::Builder::new()
                .name(WRITER.to_owned())
                .spawn(move || {
                    let shared = Shared {
                        heads: &heads,
                        seals: &seals,
                        counters: &counters,
                    };
                    serve(&conn, &inbox, &shared);
                })?
        };
        Ok(Self {
            messages,
            counters,
            thread,
        })
    }

    pub(super) fn submit<T, F>(&self, work: F) -> oneshot::Receiver<Result<T, StoreError>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = JobOf {
            work: Some(work),
            value: None,
            reply,
        };
        // When the writer has stopped, the job is dropped here and its answer reads as `Stopped`.
        let _ = self.messages.send(Message::Job(Box::new(job)));
        answer
    }

    pub(super) fn stats(&self) -> WriterStats {
        WriterStats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            jobs: self.counters.jobs.load(Ordering::Relaxed),
        }
    }

    /// Let the jobs that wait be committed, then end. Blocks.
    pub(super) fn stop(self) {
        let _ = self.messages.send(Message::Stop);
        let _ = self.thread.join();
    }
}

/// What the writer tells of each commit.
struct Shared<'a> {
    heads: &'a Heads,
    seals: &'a Seals,
    counters: &'a Counters,
}

fn serve(conn: &Connection, inbox: &Receiver<Message>, shared: &Shared<'_>) {
    let mut stopping = false;
    while !stopping {
        let mut jobs = Vec::new();
        let mut next = inbox.recv().ok();
        loop {
            match next {
                Some(Message::Job(job)) => jobs.push(job),
                Some(Message::Stop) => {
                    stopping = true;
                    break;
                }
                None => {
                    stopping = jobs.is_empty();
                    break;
                }
            }
            if jobs.len() == JOBS_PER_COMMIT {
                break;
            }
            next = match inbox.try_recv() {
                Ok(message) => Some(message),
                Err(_) => break,
            };
        }
        if !jobs.is_empty() {
            commit(conn, jobs, shared);
        }
    }
    // Leaves one file behind for whoever copies it. Not needed for safety: the next start reads the -wal file.
    let _ = conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// What a transaction came to: each job's own outcome, or the error that undid them all.
type Outcomes = Result<Vec<Result<(), StoreError>>, StoreError>;

fn commit(conn: &Connection, mut jobs: Vec<Box<dyn Job>>, shared: &Shared<'_>) {
    let count = jobs.len();
    let mut touched = BTreeMap::new();
    let mut given = None;
    match run_all(conn, &mut jobs, &mut touched, &mut given) {
        Ok(outcomes) => {
            shared.counters.commits.fetch_add(1, Ordering::Relaxed);
            shared.counters.jobs.fetch_add(count as u64, Ordering::Relaxed);
            for (scope, head) in &touched {
                shared.heads.publish(scope, *head);
            }
            // Before anybody is answered: whoever was given something waits for its signature next.
            if let Some(given) = given {
                shared.seals.await_signature(given);
            }
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                job.answer(outcome);
            }
        }
        Err(error) => {
            tracing::warn!(%error, jobs = count, "a commit failed; nothing of it was kept");
            if !conn.is_autocommit() {
                let _ = conn.execute_batch("ROLLBACK");
            }
            for job in jobs {
                job.answer(Err(error.clone()));
            }
        }
    }
}

fn run_all(
    conn: &Connection,
    jobs: &mut [Box<dyn Job>],
    touched: &mut BTreeMap<ScopeId, u64>,
    given: &mut Option<Unsealed>,
) -> Outcomes {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let number = Rows::new(conn).next_commit()?;
    let mut leaves = Vec::new();
    let mut outcomes = Vec::with_capacity(jobs.len());
    for job in jobs {
        conn.execute_batch("SAVEPOINT job")?;
        let mut tx = Tx::new(Rows::new(conn), number, leaves.len());
        let outcome =
            catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(Err(StoreError::Panicked));
        match outcome {
            Ok(()) => {
                let (scopes, texts) = tx.into_outcome();
                touched.extend(scopes);
                leaves.extend(texts);
            }
            Err(ref error) => {
                // A full disk or an I/O error may have ended the whole transaction: then nobody's work stands.
                if conn.is_autocommit() {
                    return Err(error.clone());
                }
                conn.execute_batch("ROLLBACK TO job")?;
            }
        }
        conn.execute_batch("RELEASE job")?;
        outcomes.push(outcome);
    }
    if !leaves.is_empty() {
        let unsealed = Unsealed { n: number, leaves };
        unsealed.insert(conn)?;
        *given = Some(unsealed);
    }
    conn.execute_batch("COMMIT")?;
    Ok(outcomes)
}
