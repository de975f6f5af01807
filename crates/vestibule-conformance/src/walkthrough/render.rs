//! A scene for people.

use core::fmt::{self, Display, Formatter};

use vestibule_core::Remedy;

use super::Scene;

/// A scene as text, a paragraph each.
#[derive(Debug, Clone, Copy)]
pub struct Rendered<'a> {
    scene: &'a Scene,
    colour: bool,
}

impl Scene {
    /// The scene as a paragraph of text; coloured for terminals that know ANSI escapes.
    #[must_use]
    pub const fn render(&self, colour: bool) -> Rendered<'_> {
        Rendered { scene: self, colour }
    }

    /// The scene as one line of JSON.
    ///
    /// # Errors
    ///
    /// [`fmt::Error`] never in practice: every field is text, a list of texts or a flag.
    pub fn to_json(&self) -> Result<String, fmt::Error> {
        serde_json::to_string(self).map_err(|_| fmt::Error)
    }
}

const PLAIN: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";

impl Rendered<'_> {
    fn painted(&self, paint: &'static str, text: impl Display) -> String {
        if self.colour { format!("{paint}{text}{PLAIN}") } else { text.to_string() }
    }

    fn line(&self, f: &mut Formatter<'_>, label: &str, text: &str) -> fmt::Result {
        writeln!(f, "  {} {text}", self.painted(DIM, format_args!("{label:<14}")))
    }
}

impl Display for Rendered<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let scene = self.scene;
        let title = format!("{} {}", scene.problem, scene.scenario);
        let ending = if scene.ok { self.painted(GREEN, "ok") } else { self.painted(RED, "NOT AS EXPECTED") };
        writeln!(f, "{}  {ending}", self.painted(BOLD, title))?;
        self.line(f, "visitor", &scene.visitor)?;
        self.line(f, "mailbox", &scene.mailbox)?;
        self.line(f, "administrator", &scene.administrator)?;
        self.line(f, "cause", &format!("{} (case {})", scene.code, scene.case))?;
        for (number, id) in scene.remedies.iter().enumerate() {
            let remedy = Remedy::ALL.iter().find(|remedy| remedy.id() == *id);
            let text = remedy.map_or("", |remedy| remedy.text());
            let pressed = scene.applied == Some(id);
            let line = format!("{id:<4} {text}{}", if pressed { "  <- pressed" } else { "" });
            let label = if number == 0 { "remedies" } else { "" };
            self.line(f, label, &if pressed { self.painted(BOLD, line) } else { line })?;
        }
        if let Some(pending) = scene.pending {
            self.line(f, "not built yet", pending)?;
        }
        self.line(f, "then", &scene.then)
    }
}
