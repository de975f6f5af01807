//! `vestibule problems`: the registry, for people and for the documentation.

use std::io::{self, Write};

use vestibule_core::{Audience, Entry, FactEntry, Stage};

use crate::stop::Stop;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints the page `docs/problems.md`.
    #[arg(long)]
    markdown: bool,
    /// Shows one code only.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(options: &Options, out: &mut impl Write) -> Result<(), Stop> {
    let mut entries = vestibule::registry();
    if let Some(code) = &options.code {
        entries.retain(|entry| entry.code == code);
        if entries.is_empty() {
            return Err(Stop::No("No such code; `vestibule problems` lists them all.".into()));
        }
    }
    if options.markdown {
        page(&entries, out)?;
    } else {
        entries.iter().try_for_each(|entry| plain(entry, out))?;
    }
    Ok(())
}

fn plain(entry: &Entry, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} ({})", entry.code, entry.domain)?;
    writeln!(out, "  {}", entry.cause)?;
    for remedy in entry.remedies {
        writeln!(out, "  {} ({}): {}", remedy.id(), remedy.actor().as_str(), remedy.text())?;
    }
    Ok(())
}

fn page(entries: &[&Entry], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# Problems: every code by which anything is refused")?;
    writeln!(out)?;
    writeln!(
        out,
        "Made by `vestibule problems --markdown` from the registry; the gate refuses any difference."
    )?;
    writeln!(
        out,
        "*Before proof*: the visitor is told the same for every cause; support finds it by the case reference."
    )?;
    writeln!(
        out,
        "*At the door*: the cause does not depend on whether anybody has the login, so everybody is told."
    )?;
    for entry in entries {
        writeln!(out, "\n## `{}`\n", entry.code)?;
        writeln!(out, "{}\n", entry.cause)?;
        writeln!(out, "- domain id: {}", entry.domain)?;
        match entry.stage {
            Stage::AtTheDoor => writeln!(out, "- stage: at the door; everybody is told: {}", entry.visitor)?,
            Stage::BeforeProof => writeln!(out, "- stage: before proof")?,
            _ => writeln!(out, "- stage: after proof; the visitor is told: {}", entry.visitor)?,
        }
        for fact in entry.facts {
            writeln!(out, "- fact `{}`: {}", fact.name, audiences(fact))?;
        }
        for remedy in entry.remedies {
            writeln!(out, "- {} ({}): {}", remedy.id(), remedy.actor().as_str(), remedy.text())?;
        }
    }
    Ok(())
}

fn audiences(fact: &FactEntry) -> String {
    let name = |audience: &Audience| match audience {
        Audience::Visitor => "visitor",
        Audience::MailboxOwner => "mailbox owner",
        Audience::Administrator => "administrator",
        Audience::Operator => "operator",
        _ => "others",
    };
    fact.audiences.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(options: &Options) -> Result<String, Stop> {
        let mut out = Vec::new();
        run(options, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_page_has_every_code_and_one_code_can_be_asked_for() {
        let page = printed(&Options { markdown: true, code: None }).unwrap();
        for entry in vestibule::registry() {
            assert!(page.contains(&format!("## `{}`", entry.code)));
        }
        let one = printed(&Options { markdown: false, code: Some("password.wrong".into()) }).unwrap();
        assert!(one.contains("R34") && !one.contains("password.stopped"));
    }

    #[test]
    fn an_unknown_code_is_an_error_that_says_what_to_do() {
        let error = printed(&Options { markdown: false, code: Some("x.y".into()) }).unwrap_err();
        assert!(error.to_string().contains("vestibule problems"));
    }
}
