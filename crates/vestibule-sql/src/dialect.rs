//! The few differences between databases.

/// The same statement for PostgreSQL: `?1` becomes `$1`, except in quoted text, quoted names and comments.
///
/// # Example
///
/// ```
/// let sql = "update t set a = ?2 where b = ?1 and c <> '?1'";
/// assert_eq!(vestibule_sql::dialect::postgres(sql), "update t set a = $2 where b = $1 and c <> '?1'");
/// ```
#[must_use]
pub fn postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut within = Within::Code;
    let mut before = None;
    let mut chars = sql.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().copied();
        let placeholder = matches!((within, char, next), (Within::Code, '?', Some('1'..='9')));
        within = within.after(before, char, next);
        out.push(if placeholder { '$' } else { char });
        before = Some(char);
    }
    out
}

#[derive(Clone, Copy)]
enum Within {
    Block,
    Code,
    Line,
    Quotes(char),
}

impl Within {
    /// Where the character after `char` stands. A doubled quote leaves and enters again, which comes to the same.
    fn after(self, before: Option<char>, char: char, next: Option<char>) -> Self {
        match (self, char) {
            (Self::Code, '\'' | '"') => Self::Quotes(char),
            (Self::Code, '-') if next == Some('-') => Self::Line,
            (Self::Code, '/') if next == Some('*') => Self::Block,
            (Self::Quotes(quote), _) if char == quote => Self::Code,
            (Self::Line, '\n') => Self::Code,
            (Self::Block, '/') if before == Some('*') => Self::Code,
            (unchanged, _) => unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_postgres_own() {
        assert_eq!(postgres("values (?1, ?12,?3)"), "values ($1, $12,$3)");
    }

    #[test]
    fn quotes_and_comments_stay_as_they_are() {
        for text in ["'it''s ?1'", "\"a?1\"", "-- ?1 it's\n", "/* ?1 'x */", "a ?? b", "? 1"] {
            assert_eq!(postgres(text), text);
        }
        assert_eq!(
            postgres("'?1' || ?1 -- ?2\n|| ?3 /* ' */ || ?4"),
            "'?1' || $1 -- ?2\n|| $3 /* ' */ || $4"
        );
    }
}
