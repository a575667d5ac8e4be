//! `loopscope scenarios`: what is built in.

use std::io::{self, Write};

use serde::Serialize;

use crate::scenario::{Model, builtins};

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    summary: String,
    models: Vec<Model>,
}

/// Lists the shipped scenarios.
pub(super) fn scenarios(as_json: bool) -> anyhow::Result<()> {
    let listed = builtins().iter().map(|builtin| {
        let scenario = builtin.scenario();
        Listed {
            name: scenario.name,
            title: scenario.title,
            summary: scenario.summary,
            models: scenario.models,
        }
    });
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &listed.collect::<Vec<_>>())?;
        writeln!(out)?;
        return Ok(());
    }
    for scenario in listed {
        let models: Vec<_> = scenario.models.iter().map(|model| model.name()).collect();
        writeln!(
            out,
            "{}\n  {} ({})\n  {}\n",
            scenario.name,
            scenario.title,
            models.join(", "),
            scenario.summary
        )?;
    }
    writeln!(
        out,
        "Run one with `loopscope run NAME`, or open the window with `loopscope`."
    )?;
    Ok(())
}
