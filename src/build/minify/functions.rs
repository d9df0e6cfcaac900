//! Makes arrows of a module's functions, in one declaration at its head: where they are known from the start anyway.

use super::super::script::{Kind, Token, piece, spaced, tokens};

/// The same script with its functions first, each as an arrow: `function f(a) { return a; }` becomes `const f = a => a;`.
///
/// Only those at the top, which are known before anything runs. An arrow has no `this` and no `arguments`, and our modules
/// use neither.
pub fn arrows_first(source: &str) -> String {
    let tokens = tokens(source);
    let (mut arrows, mut others) = (String::new(), String::new());
    let mut at = 0;
    while at < tokens.len() {
        let is_async = tokens[at].text == "async" && text(&tokens, at + 1) == "function";
        let keyword = at + usize::from(is_async);
        let is_statement = tokens[at].inside.is_none()
            && tokens[keyword].text == "function"
            && at
                .checked_sub(1)
                .is_none_or(|at| matches!(tokens[at].text, ";" | "}"));
        let end = match is_statement {
            true => tokens[tokens[keyword + 2].end + 1].end,
            false => at,
        };
        match is_statement {
            true => arrows.push_str(&arrow(source, &tokens, keyword, is_async)),
            false => others.extend(spaced(&tokens[at])),
        }
        at = end + 1;
    }
    arrows + &others
}

/// The function whose keyword stands at `at`, as a declaration.
fn arrow(source: &str, tokens: &[Token], at: usize, is_async: bool) -> String {
    let (name, parameters) = (tokens[at + 1].text, at + 2);
    let body = tokens[parameters].end + 1;
    let is_name = body == parameters + 3 && tokens[parameters + 1].kind == Kind::Word;
    let brackets = usize::from(is_name);
    format!(
        "const {name} = {}{} => {};\n",
        if is_async { "async " } else { "" },
        piece(source, tokens, parameters + brackets, body - brackets),
        match value(tokens, body) {
            Some(end) => piece(source, tokens, body + 2, end),
            None => piece(source, tokens, body, tokens[body].end + 1),
        }
    )
}

/// Where the value ends that a body does nothing but return.
fn value(tokens: &[Token], body: usize) -> Option<usize> {
    let ends = |at: &usize| tokens[*at].inside == Some(body) && tokens[*at].text == ";";
    let end = (body..tokens[body].end).find(ends)?;
    let returns = tokens[body + 1].text == "return" && end > body + 2;
    (returns && end + 1 == tokens[body].end && tokens[body + 2].text != "{").then_some(end)
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(source: &str, script: &str) {
        let small = arrows_first(source);
        let words = |script| tokens(script).iter().map(|it| it.text).collect::<Vec<_>>();
        assert_eq!(words(&small), words(script), "{source}");
    }

    #[test]
    fn functions_come_first_as_arrows() {
        becomes(
            "f(); function g(a, { b }) { f(a); return b; } h();",
            "const g = (a, { b }) => { f(a); return b; };\nf(); h();",
        );
        becomes(
            "async function g() { await f(); }",
            "const g = async () => { await f(); };\n",
        );
    }

    #[test]
    fn a_function_that_is_one_value_has_no_block() {
        becomes("function g(a) { return a + 1; }", "const g = a => a + 1;\n");
        for longer in [
            "return;",
            "f(); return a;",
            "return { a };",
            "return a; f();",
        ] {
            becomes(
                &format!("function g(a) {{ {longer} }}"),
                &format!("const g = a => {{ {longer} }};\n"),
            );
        }
    }

    #[test]
    fn a_function_inside_another_or_inside_a_value_stays() {
        becomes(
            "function g() { function h() {} h(); }",
            "const g = () => { function h() {} h(); };\n",
        );
        becomes(
            "x = { a };\nf(async () => 1);",
            "x = { a };\nf(async () => 1);",
        );
    }
}
