//! Owns the list of what can be done in the window, for scripts that name commands by their ids.

use std::io::{BufWriter, Write, stdout};

use clap::Args;
use serde_json::json;

use crate::cli::{Outcome, print_json};
use crate::command::{Command, KeyMap};

#[derive(Debug, Args)]
pub(super) struct CommandsArgs {
    /// Print a line of JSON each.
    #[arg(long)]
    json: bool,
}

/// Prints the commands in the order of the palette.
pub(super) fn commands(args: &CommandsArgs) -> Outcome {
    let mut out = BufWriter::new(stdout().lock());
    for command in Command::ALL {
        let keys: Vec<String> = command.usual_keys().iter().map(|keys| KeyMap::words(*keys)).collect();
        let (id, (title, does), group) = (command.id(), command.text(), command.group().title());
        if args.json {
            let line = json!({"id": id, "title": title, "does": does, "group": group, "keys": keys});
            print_json(&mut out, &line)?;
        } else {
            let line = format!("{id:<24}{title:<28}{}", keys.join(" "));
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(out.flush()?)
}
