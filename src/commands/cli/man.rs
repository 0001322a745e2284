//! `leash man`: manual pages, made of the same definition as the help.

use std::io;

use clap::{Args as ClapArgs, CommandFactory, Subcommand};
use clap_mangen::roff::{Roff, roman};

use super::{Args, CliCommand};

/// `leash man`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Man {
    /// The page of this command, rather than that of leash itself
    #[arg(value_name = "COMMAND", value_parser = known)]
    pub command: Option<String>,
}

impl Man {
    /// Writes the page.
    pub fn write(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let mut leash = Args::command().disable_help_subcommand(true).subcommand_help_heading("COMMANDS");
        leash = leash.subcommand_value_name("command");
        leash.build();
        let asked = self.command.as_deref().and_then(|name| leash.find_subcommand(name));
        let command = asked.unwrap_or(&leash).clone();
        write_title(&command, to)?;
        let after_help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let page = clap_mangen::Man::new(command.clone());
        page.render_name_section(to)?;
        page.render_synopsis_section(to)?;
        page.render_description_section(to)?;
        page.render_options_section(to)?;
        match asked {
            None => page.render_subcommands_section(to)?,
            Some(_) => commands_of(&command).to_writer(to)?,
        }
        sections(&after_help).to_writer(to)
    }
}

/// By hand, since `clap_mangen` takes the version for the date where there is none.
fn write_title(command: &clap::Command, to: &mut dyn io::Write) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    writeln!(to, ".TH {name} 1 \"\" \"leash {}\" leash", env!("CARGO_PKG_VERSION"))
}

/// The commands of a command, which have no pages of their own: as their help shows them.
fn commands_of(command: &clap::Command) -> Roff {
    let mut page = Roff::new();
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let title = command.get_bin_name().unwrap_or_else(|| command.get_name());
        page.control("SH", [title.to_uppercase().as_str()]);
        verbatim(&mut page, &command.clone().render_long_help().to_string());
    }
    page
}

fn verbatim(page: &mut Roff, text: &str) {
    page.control("nf", []);
    for line in text.lines() {
        page.text([roman(line.trim_start())]);
    }
    page.control("fi", []);
}

/// What stands behind the options: each line without an indent begins a section, the others are shown as they are.
fn sections(after_help: &str) -> Roff {
    let mut page = Roff::new();
    for section in after_help.split("\n\n").filter(|section| !section.is_empty()) {
        let (title, lines) = section.split_once('\n').unwrap_or((section, ""));
        page.control("SH", [title.trim_end_matches(':').to_uppercase().as_str()]);
        verbatim(&mut page, lines);
    }
    page
}

/// A command that has a page.
fn known(name: &str) -> Result<String, String> {
    if CliCommand::has_subcommand(name) {
        return Ok(name.to_string());
    }
    let leash = Args::command();
    let names: Vec<&str> = leash.get_subcommands().map(clap::Command::get_name).collect();
    Err(format!("there is no such command; there are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(command: Option<&str>) -> String {
        let mut page = Vec::new();
        Man { command: command.map(str::to_string) }.write(&mut page).unwrap();
        String::from_utf8(page).unwrap()
    }

    #[test]
    fn every_command_has_a_page_that_names_all_its_options() {
        let mut leash = Args::command();
        leash.build();
        let commands = leash.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
        for name in [None].into_iter().chain(commands.map(Some)) {
            let command = name.map_or(&leash, |name| leash.find_subcommand(name).unwrap());
            let page = page(name).replace('\\', "");
            let title = name.map_or("leash".to_string(), |name| format!("leash-{name}"));
            assert!(page.contains(&format!(".TH {title} 1 ")), "{page}");
            let all = std::iter::once(command).chain(command.get_subcommands().filter(|_| name.is_some()));
            let options: Vec<&str> =
                all.flat_map(|command| command.get_arguments().filter_map(clap::Arg::get_long)).collect();
            assert!(options.contains(&"help"), "{options:?}");
            for option in options {
                assert!(page.contains(&format!("--{option}")), "{title} does not name --{option}:\n{page}");
            }
        }
    }

    #[test]
    fn the_page_of_leash_leads_to_the_others_and_ends_with_exit_codes_and_examples() {
        let page = page(None).replace('\\', "");
        assert!(
            page.contains("leash-route(1)") && page.contains("leash-queue(1)") && !page.contains("leash-help"),
            "{page}"
        );
        assert!(page.contains(".SH \"EXIT CODES\"\n.nf\n0   done\n"), "{page}");
        assert!(page.contains(".SH EXAMPLES\n.nf\nleash demo"), "{page}");
    }

    #[test]
    fn a_command_that_is_not_there_is_answered_with_those_that_are() {
        assert_eq!(known("route"), Ok("route".to_string()));
        let why = known("rout").unwrap_err();
        assert!(why.contains("no such command") && why.contains("check, config, route"), "{why}");
    }
}
