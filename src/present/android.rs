//! The activity that Android starts Pavilion in: its folder, the join link it was started with, and its end.
//!
//! In: what the system calls. Out: plain paths and words. It draws nothing: that is the headset's runtime, which is
//! told of the activity. Android waits for an answer to what it tells an activity: [`is_ending`] gives it, once a frame.

#![allow(unsafe_code)]

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use android_activity::{AndroidApp, MainEvent, PollEvent};
use jni::objects::{JObject, JString, JValue};
use jni::{JavaVM, jni_sig, jni_str};

/// The extra of the intent that carries the join link: `am start --es link pavilion://…`.
const LINK_EXTRA: &str = "link";

/// Set anew whenever Android starts the activity, which may be several times in one process.
static ACTIVITY: Mutex<Option<AndroidApp>> = Mutex::new(None);

/// Keeps what the system has started us with.
pub fn enter(activity: AndroidApp) {
    *ACTIVITY.lock().unwrap_or_else(PoisonError::into_inner) = Some(activity);
}

/// What the system has started us with; `None` before it did.
pub(super) fn activity() -> Option<AndroidApp> {
    ACTIVITY.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The folder that only this app can read.
pub fn folder() -> Option<PathBuf> {
    activity()?.internal_data_path()
}

/// The folder that only this app can read, and whoever is connected by USB can write.
pub fn shared_folder() -> Option<PathBuf> {
    activity()?.external_data_path()
}

/// The join link that the app was started with.
pub fn link() -> Option<String> {
    let activity = activity()?;
    match extra(&activity, LINK_EXTRA) {
        Ok(link) => link,
        Err(error) => {
            tracing::warn!(
                "the intent cannot be read ({error}): the app is treated as started without a link"
            );
            None
        }
    }
}

/// Answers what the system has told the activity; whether that was to end. Only for the thread that the system calls
/// `android_main` on.
pub fn is_ending() -> bool {
    let Some(activity) = activity() else { return false };
    let mut is_ending = false;
    activity.poll_events(Some(Duration::ZERO), |event| {
        is_ending |= matches!(event, PollEvent::Main(MainEvent::Destroy));
    });
    is_ending
}

/// A text among the extras of the intent that started the activity.
fn extra(activity: &AndroidApp, name: &str) -> jni::errors::Result<Option<String>> {
    // SAFETY: the activity's glue got this pointer from the system, and there is one virtual machine a process.
    let machine = unsafe { JavaVM::from_raw(activity.vm_as_ptr().cast()) };
    machine.attach_current_thread(|env| {
        // SAFETY: `activity` holds a global reference to this object, and `object` does not outlive it.
        let object = unsafe { JObject::from_raw(env, activity.activity_as_ptr().cast()) };
        let intent = jni_sig!(() -> android.content.Intent);
        let intent = env.call_method(&object, jni_str!("getIntent"), intent, &[])?.l()?;
        if intent.is_null() {
            return Ok(None);
        }
        let name = env.new_string(name)?;
        let text = jni_sig!((name: JString) -> JString);
        let text =
            env.call_method(&intent, jni_str!("getStringExtra"), text, &[JValue::Object(&name)])?.l()?;
        if text.is_null() {
            return Ok(None);
        }
        env.cast_local::<JString>(text)?.try_to_string(env).map(Some)
    })
}
