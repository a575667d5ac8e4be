//! What is told of a part of a trace.

use serde_json::Value;

use crate::{folder, json, loopscope, text};

/// Two ranges that lie beside each other say together what the whole says.
#[test]
fn a_part_of_a_trace_says_what_happened_in_it() {
    let folder = folder();
    let held = ["--models", "asynchronous", "--block", "sleep:80ms:1"];
    let run = [&["run", "quick.toml", "--trace", "t.loopscope"], &held[..]].concat();
    let ran = loopscope(folder.path(), &run);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let of = |range: &str| {
        let arguments = ["report", "t.loopscope", "--json", "--range", range];
        json(&loopscope(folder.path(), &arguments))
    };
    let whole = of("..");
    let stalls = |part: &Value| part["models"][0]["stalls"].as_array().map_or(0, Vec::len);
    let second = whole["models"][0]["stalls"][1]["start_s"].as_f64();
    let cut = format!("{:.9}", second.expect("the callback blocks for each piece"));
    let (before, after) = (of(&format!("..{cut}")), of(&format!("{cut}..")));
    assert_eq!(stalls(&before), 1, "{before:#}");
    assert_eq!(stalls(&before) + stalls(&after), stalls(&whole));
    let busy = |part: &Value| part["models"][0]["threads"][0]["busy_s"].as_f64();
    let sum = busy(&before).zip(busy(&after)).map(|(a, b)| a + b);
    let (sum, all) = sum.zip(busy(&whole)).expect("a loop that was busy");
    assert!((sum - all).abs() < 1e-6, "{sum} of {all}");
    assert!(
        before["models"][0]["health"]["utilization"].is_f64(),
        "{before:#}"
    );
    let arguments = ["report", "t.loopscope", "--range", &format!("{cut}..")];
    let told = text(&loopscope(folder.path(), &arguments).stdout);
    for part in ["data_received", "asynchronous", "sleep 80ms", "busy"] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let nothing = loopscope(
        folder.path(),
        &["report", "t.loopscope", "--range", "90s.."],
    );
    let error = text(&nothing.stderr);
    assert_eq!(nothing.status.code(), Some(2), "{error}");
    assert!(
        error.contains("t.loopscope: nothing is recorded"),
        "{error}"
    );
}
