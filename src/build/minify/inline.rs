//! Writes a function that is used once in the one place where it is used, and its name is gone.

use std::collections::{HashMap, HashSet};

use super::super::script::{Kind, piece, spaced, tokens};
use super::Script;

/// A top-level `const name = () => …;`, by places.
struct Function {
    declared: usize,
    value: usize,
    end: usize,
}

/// The same script without the top-level functions that are used once.
///
/// One stays where it is if a word of it would mean something else in the place where it is used.
pub fn once(source: &str) -> String {
    let mut script = source.to_owned();
    loop {
        let small = round(&script);
        if small.len() == script.len() {
            return script;
        }
        script = small;
    }
}

/// One round: what holds a place of another function is not moved before the next.
fn round(source: &str) -> String {
    let tokens = tokens(source);
    let script = Script { tokens: &tokens };
    let functions = functions(&script);
    let moves = moves(&script, &functions);
    let gone: HashMap<usize, usize> = moves
        .values()
        .map(|&moved| (functions[moved].declared, functions[moved].end))
        .collect();
    let mut small = String::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = gone.get(&at) {
            at = end + 1;
            continue;
        }
        match moves.get(&at).map(|&moved| &functions[moved]) {
            None => small.extend(spaced(&tokens[at])),
            Some(function) => {
                let value = piece(source, &tokens, function.value, function.end);
                let before = matches!(script.before(at), "(" | "," | "=" | "=>" | "return");
                match before && matches!(script.text(at + 1), ")" | "," | ";") {
                    true => small.push_str(value),
                    false => small.extend(["(", value, ")"]),
                }
            }
        }
        at += 1;
    }
    small
}

/// Every function that has a declaration of its own.
fn functions(script: &Script) -> Vec<Function> {
    let function = |at: usize| {
        let is_function = script.tokens[at].inside.is_none()
            && script.text(at) == "const"
            && script.tokens[at + 1].kind == Kind::Word
            && script.text(at + 2) == "=";
        let value = at + 3;
        let parameters = value + usize::from(script.text(value) == "async");
        let end = script.value(value);
        (is_function && script.text(script.behind(parameters)) == "=>" && script.text(end) == ";")
            .then_some(Function {
                declared: at,
                value,
                end,
            })
    };
    (0..script.tokens.len().saturating_sub(5))
        .filter_map(function)
        .collect()
}

/// The place where each function goes that is moved, by its number.
fn moves(script: &Script, functions: &[Function]) -> HashMap<usize, usize> {
    let scopes = script.scopes();
    let owners = script.owners(&scopes);
    let mut uses: HashMap<&str, Vec<usize>> = HashMap::new();
    for (&at, _) in owners.iter().filter(|(_, owner)| **owner == Some(0)) {
        uses.entry(script.text(at)).or_default().push(at);
    }
    let mut moves = HashMap::new();
    let (mut moved, mut hosts) = (HashSet::new(), HashSet::new());
    for (number, function) in functions.iter().enumerate() {
        let places = &uses[script.text(function.declared + 1)];
        let other = |at: &&usize| **at != function.declared + 1;
        let (2, Some(&place)) = (places.len(), places.iter().find(other)) else {
            continue;
        };
        let holds = |it: &Function| (it.declared..=it.end).contains(&place);
        let host = functions.iter().position(holds);
        let around = scopes[1..]
            .iter()
            .filter(|it| (it.from..=it.to).contains(&place));
        let hidden: HashSet<&str> = around.flat_map(|it| it.names.iter().copied()).collect();
        let means_the_same = (function.value..function.end)
            .filter(|at| matches!(owners.get(at), Some(None | Some(0))))
            .all(|at| !hidden.contains(script.text(at)));
        let stays = hosts.contains(&number)
            || host.is_some_and(|host| host == number || moved.contains(&host));
        if means_the_same && !stays && !script.is_shorthand(place) {
            moves.insert(place, number);
            moved.insert(number);
            hosts.extend(host);
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(source: &str, script: &str) {
        let small = once(source);
        let words = |script| tokens(script).iter().map(|it| it.text).collect::<Vec<_>>();
        assert_eq!(words(&small), words(script), "{source}");
    }

    #[test]
    fn what_is_used_once_goes_there() {
        becomes(
            "const g = a => a + 1; f(g); const h = async () => { g2(); }; h(1);",
            "f(a => a + 1); (async () => { g2(); })(1);",
        );
        becomes("const g = () => 1; x = y ?? g;", "x = y ?? (() => 1);");
    }

    #[test]
    fn what_is_used_more_often_or_by_itself_stays() {
        for source in [
            "const g = () => 1; g(g);",
            "const g = () => g();",
            "const g = () => 1; f({ g });",
            "const g = 1; f(g);",
        ] {
            becomes(source, source);
        }
    }

    #[test]
    fn what_would_mean_something_else_stays() {
        let source = "const g = () => a; f(a => g());";
        becomes(source, source);
        becomes("const g = a => a; f(a => g(a));", "f(a => (a => a)(a));");
    }

    #[test]
    fn functions_inside_functions_go_along() {
        becomes(
            "const g = () => 1; const h = () => g(); h();",
            "(() => (() => 1)())();",
        );
    }
}
