//! The binary.

fn main() -> anyhow::Result<()> {
    #[cfg(feature = "gui")]
    loopscope::gui::run(loopscope::gui::Launch::default())?;
    Ok(())
}
