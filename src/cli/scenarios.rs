//! `loopscope scenarios`: what is built in.

use std::io::{self, Write};

use serde::Serialize;

use super::report::print_json;
use super::{Misuse, did_you_mean};
use crate::scenario::builtins;

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    summary: String,
    models: Vec<String>,
}

/// Prints the file of a shipped scenario.
pub(super) fn source(name: &str) -> anyhow::Result<()> {
    let Some(builtin) = builtins().iter().find(|builtin| builtin.name == name) else {
        let meant = did_you_mean(name, builtins().iter().map(|builtin| builtin.name));
        return Err(Misuse(format!(
            "there is no scenario `{name}`: `loopscope scenarios` lists those that there are{meant}"
        ))
        .into());
    };
    Ok(io::stdout().lock().write_all(builtin.source.as_bytes())?)
}

/// Lists the shipped scenarios.
pub(super) fn scenarios(as_json: bool) -> anyhow::Result<()> {
    let listed = builtins().iter().map(|builtin| {
        let scenario = builtin.scenario();
        Listed {
            models: scenario
                .chosen()
                .map(|variant| variant.name.clone())
                .collect(),
            name: scenario.name,
            title: scenario.title,
            summary: scenario.summary,
        }
    });
    let mut out = io::stdout().lock();
    if as_json {
        return print_json(&mut out, &listed.collect::<Vec<_>>());
    }
    for scenario in listed {
        writeln!(
            out,
            "{}\n  {} ({})\n  {}\n",
            scenario.name,
            scenario.title,
            scenario.models.join(", "),
            scenario.summary
        )?;
    }
    writeln!(
        out,
        "Run one with `loopscope run NAME`, print its file with `loopscope scenarios NAME`, or open the window with `loopscope`."
    )?;
    Ok(())
}
