//! What a person reads in Chinese who makes a mistake, or whose run fails.

use std::io;
use std::path::Path;

use super::*;
use crate::scenario::{Edit, Scenario};
use crate::trace::system_error;

const SCENARIO: &str = "\
title = 'x'
[[servers]]
name = 'drip'
text = 'Hello'
chunk = 2
delay = '10ms'
[[servers]]
name = 'echo'
speaks = 'echo'
[[tasks]]
steps = [{ download = 'drip' }]
";

/// Changes after which nothing can be made of [`SCENARIO`].
const MISTAKES: [(&str, &str); 68] = [
    // Values.
    ("title = 'x'", "title = ' '"),
    ("title = 'x'", ""),
    ("title = 'x'", "title = 3"),
    ("title = 'x'", "titel = 'x'"),
    ("title", "look_for = ['a', 1]\ntitle"),
    ("title", "together = 'yes'\ntitle"),
    ("title", "blocking = 1\ntitle"),
    ("title", "models = []\ntitle"),
    ("title", "models = [1]\ntitle"),
    ("title", "models = ['treaded']\ntitle"),
    ("title", "models = ['pool']\ntitle"),
    ("title", "models = ['threaded', 'threaded']\ntitle"),
    ("title", "stall_threshold = '1h'\ntitle"),
    ("title", "servers = 3\ntitle"),
    ("title", "tasks = '''\n\n'''\ntitle"),
    ("[[tasks]]", "[blocking]\ntask = 7\n[[tasks]]"),
    ("[[tasks]]", "[blocking]\ntask = [1]\n[[tasks]]"),
    ("[[tasks]]", "[blocking]\nkind = 'slep'\n[[tasks]]"),
    ("[[tasks]]", "[[variants]]\nname = ''\n[[tasks]]"),
    ("name = 'echo'", "name = 'drip'"),
    ("text = 'Hello'", ""),
    ("text = 'Hello'", "text = 'Hello'\npoem = 'science'"),
    ("text = 'Hello'", "poem = 'sciense'"),
    ("text = 'Hello'", "text = 'Hello'\nrepeat = 1000000000"),
    (
        "'Hello'",
        "'''Hello Hello Hello Hello Hello Hello Hello Hello Hello Hello Hello Hello Hello'''\nrepeat = 1000000",
    ),
    ("chunk = 2", ""),
    ("chunk = 2", "chunk = 0"),
    ("chunk = 2", "chunk = 2\ndead = true\ncloses_after = 1"),
    ("chunk = 2", "chunk = 2\nover = 'udp'"),
    ("'10ms'", "'10'"),
    ("speaks = 'echo'", "speaks = 'echo'\ntext = 'Hello'"),
    ("speaks = 'echo'", "speaks = 'ecco'"),
    ("steps = [{ download = 'drip' }]", ""),
    ("steps = [", "name = 'all'\nsteps = ["),
    ("steps = [", "server = 'drip'\nsteps = ["),
    ("steps = [", "after = 'none'\nsteps = ["),
    ("steps = [", "count = 0\nsteps = ["),
    (
        "steps = [",
        "count = 10000\nsteps = [{ stop = true }]\n[[tasks]]\ncount = 1\nsteps = [",
    ),
    ("{ download = 'drip' }", ""),
    ("{ download = 'drip' }", "1"),
    ("download = 'drip'", ""),
    ("download = 'drip'", "download = 'echo'"),
    ("download = 'drip'", "download = 'drp'"),
    ("download = 'drip'", "download = 'drip', by = 'thread'"),
    ("download = 'drip'", "every = '1s', times = 1"),
    ("download = 'drip'", "every = '1s', call = 'tick'"),
    (
        "download = 'drip'",
        "call = '', block = '1s', compute = '1s'",
    ),
    ("download = 'drip'", "stop = false"),
    ("download = 'drip'", "say = []"),
    ("download = 'drip'", "say = [\"a\\nb\"], to = 'echo'"),
    (
        "download = 'drip'",
        "deferred = 'd', chain = [{ wait = '1s' }]",
    ),
    ("download = 'drip'", "deferred = 'd', chain = 1"),
    ("[[tasks]]", "[service]\nname = ''\n[[tasks]]"),
    (
        "steps = [{ download = 'drip' }]",
        "server = 'drip'\n[service]\nname = 'bank'",
    ),
    (
        "[[servers]]\nname = 'echo'\nspeaks = 'echo'",
        "[service]\nname = 'bank'",
    ),
    // What is no TOML.
    ("title = 'x'", "title = 'x"),
    ("title = 'x'", "title = x"),
    ("title = 'x'", "title 'x'"),
    ("title = 'x'", "title = 'x'\ntitle = 'y'"),
    ("title = 'x'", "title = 'x'\ntitle.y = 1"),
    ("title = 'x'", "title = \"\\x\""),
    ("title = 'x'", "title == 'x'"),
    ("title = 'x'", "title = 'x' 'y'"),
    ("[[servers]]", "[[servers"),
    ("chunk = 2", "chunk = 02"),
    ("chunk = 2", "chunk = 2\ndead = True"),
    (
        "{ download = 'drip' }",
        "{ download = 'drip' } { download = 'drip' }",
    ),
    ("{ download = 'drip' }]", "{ download = 'drip' }"),
];

/// Changes that cannot be made in [`SCENARIO`].
const EDITS: [&str; 6] = [
    "servers.drip=3",
    "servers.none.chunk=3",
    "servers.drip.chunk.more=3",
    "servers.drip.chunk=0",
    "servers[7].chunk=3",
    "tasks.x=3",
];

/// What runs record of failures, and how it is said.
const FAILURES: [(&str, &str); 7] = [
    (
        "cannot connect to 127.0.0.1:80: nobody listens there (connection refused)",
        "无法连接到 127.0.0.1:80：那里没有人在监听（连接被拒绝）",
    ),
    (
        "the connection to 127.0.0.1:80 broke: Connection reset by peer (os error 104)",
        "与 127.0.0.1:80 的连接中断：连接被对方重置（系统错误 104）",
    ),
    (
        "the connection to 127.0.0.1:80 broke: what others say",
        "与 127.0.0.1:80 的连接中断：what others say",
    ),
    (
        "unhandled in the deferred `d`: no result within 1.5s",
        "Deferred `d` 中未被处理的失败：1.5s 内没有结果",
    ),
    ("Broken pipe (os error 32)", "管道已断开（系统错误 32）"),
    ("timer", "timer"),
    ("{}", "{}"),
];

/// Whether there are English words outside of what is quoted, before an example.
fn has_english(text: &str) -> bool {
    let (text, _) = text.split_once("例如").unwrap_or((text, ""));
    let own: String = text.split('`').step_by(2).collect();
    let own: String = own.split('"').step_by(2).collect();
    let words = own.split(|one: char| !one.is_ascii_alphabetic());
    let mut words = words.filter(|word| word.chars().all(|one| one.is_ascii_lowercase()));
    words.any(|word| word.len() > 3)
}

#[test]
fn mistakes_in_a_scenario_are_said_in_chinese() {
    speak(Language::Chinese);
    let mut wrong = Vec::new();
    for (from, to) in MISTAKES {
        assert!(SCENARIO.contains(from), "{from}");
        let text = SCENARIO.replacen(from, to, 1);
        let Err(error) = Scenario::parse(&text, Path::new("x.toml")) else {
            wrong.push(format!("not refused: {to}"));
            continue;
        };
        let messages = error.mistakes().iter().map(|one| say(&one.message));
        wrong.extend(messages.filter(|said| has_english(said)));
        let whole = say(&error.phrase());
        assert!(whole.starts_with("x.toml:"), "{whole}");
        assert!(whole.contains(&error.mistakes()[0].key), "{whole}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn changes_that_cannot_be_made_are_refused_in_chinese() {
    speak(Language::Chinese);
    let scenario = Scenario::parse(SCENARIO, Path::new("x.toml")).expect("it is right");
    for text in EDITS {
        let edit = Edit::parse(text).expect("it is one");
        let error = scenario.edited(&[edit]).expect_err(text);
        let said = say(&error.phrase());
        let (_, message) = said.split_once('：').expect("its key comes first");
        assert!(!has_english(message), "{said}");
    }
}

#[test]
fn what_a_run_recorded_of_a_failure_is_said_in_chinese() {
    for (recorded, chinese) in FAILURES {
        speak(Language::English);
        assert_eq!(failure(recorded), recorded);
        speak(Language::Chinese);
        assert_eq!(failure(recorded), chinese);
    }
}

#[test]
fn what_the_system_says_is_said_in_chinese() {
    speak(Language::Chinese);
    let said = |code| say(&system_error(&io::Error::from_raw_os_error(code)));
    assert_eq!(said(24), "打开的文件太多（系统错误 24）");
    assert_eq!(said(28), "磁盘空间不足（系统错误 28）");
}

#[test]
fn chinese_has_its_own_punctuation() {
    let is_chinese = |one: char| ('\u{4e00}'..='\u{9fff}').contains(&one);
    for (english, chinese) in CHINESE.iter() {
        let chars: Vec<char> = chinese.chars().collect();
        let wrong = chars.windows(2).any(|two| {
            is_chinese(two[0]) && ",;:?!()".contains(two[1]) || two[0] == ')' && is_chinese(two[1])
        });
        assert!(!wrong, "{english}: {chinese}");
        let ends = |text: &str, stop| text.ends_with(stop);
        assert_eq!(
            ends(english, '.'),
            ends(chinese, '。'),
            "{english}: {chinese}"
        );
    }
}
