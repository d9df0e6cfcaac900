//! What a smaller script looks like.

use super::super::bundle::{SCRIPTS, bundle};
use super::*;

#[track_caller]
fn becomes(source: &str, small: &str) {
    assert_eq!(shorten(source), small, "{source}");
}

#[test]
fn spaces_and_comments_go_where_nothing_needs_them() {
    becomes("f( 1 , 2 ) ; // end", "f(1,2);");
    becomes(
        "/** why */ if (x) { f(); }\nelse return  y;",
        "if(x){f()}else return y;",
    );
    becomes(
        "g(1 + +2, 1 - -2, 3 / /4/.lastIndex);",
        "g(1+ +2,1- -2,3/ /4/.lastIndex);",
    );
    becomes(
        "f('a' in b, 1 in c, 5 .toFixed());",
        "f('a'in b,1 in c,5 .toFixed());",
    );
    becomes("f({ a: 1, }, [ 2, ],);", "f({a:1},[2,]);");
}

#[test]
fn strings_templates_and_expressions_stay_as_they_are() {
    becomes(
        r"f('it\'s // no  comment', 'a;}');",
        r"f('it\'s // no  comment','a;}');",
    );
    becomes(
        r"f(/[/'`] \/ {/g.test(y) ? a / b / c : 1);",
        r"f(/[/'`] \/ {/g.test(y)?a/b/c:1);",
    );
    becomes(
        "f(`a  ${ `b ${ { c: 1 }.c } ' ` }  // \\` $`);",
        "f(`a  ${`b ${{c:1}.c} ' `}  // \\` $`);",
    );
    becomes("f(` ${ a } } ${ b } {`);", "f(` ${a} } ${b} {`);");
}

#[test]
fn a_line_stays_where_a_semicolon_is_missing() {
    becomes("f(a)\ng(b)\n(c);", "f(a)\ng(b)(c);");
    becomes(
        "x = { a }\ny = () => { f(); }\nf();",
        "x={a}\ny=()=>{f()}\nf();",
    );
    becomes("if (a) { f(); }\ng();", "if(a){f()}g();");
}

#[test]
fn a_variable_is_renamed_and_a_property_of_its_name_is_not() {
    becomes(
        "const name = 1; f(name, a.name, b?.name, { name: name });",
        "let e=1;f(e,a.name,b?.name,{name:e});",
    );
    becomes(
        "function g(form) { return form.form(name); }",
        "function e(e){return e.form(name)}",
    );
    becomes(
        "f(`${ one }`, one => `${one}s`);",
        "f(`${one}`,e=>`${e}s`);",
    );
}

#[test]
fn what_has_two_meanings_in_one_word_is_written_twice() {
    becomes("f(id => ({ id, x }));", "f(e=>({id:e,x}));");
    becomes(
        "f(({ id, to: { at = 2 }, ...rest }) => id + at + rest);",
        "f(({id:e,to:{at:t=2},...n})=>e+t+n);",
    );
    becomes(
        "let after, at; ({ after, at } = x);",
        "let e,t;({after:e,at:t}=x);",
    );
    becomes(
        "function g() { let a = 1, b; return { b, c() {}, a: 2 }; }",
        "function e(){let e=1,t;return{b:t,c(){},a:2}}",
    );
}

#[test]
fn every_way_to_declare_is_seen() {
    becomes(
        "for (const [key, , ...more] of x) f(key, more);",
        "for(let[e,,...t]of x)f(e,t);",
    );
    becomes(
        "try { f(); } catch (error) { g(error); }",
        "try{f()}catch(e){g(e)}",
    );
    becomes(
        "x = async (one, { two = [one, 1] } = {}) => two;",
        "x=async(e,{two:t=[e,1]}={})=>t;",
    );
    becomes(
        "const a = `${ x(1, 2) }, ${ 3 }`, b = c => c, d = 2; f(a, b, d);",
        "let e=`${x(1,2)}, ${3}`,t=e=>e,n=2;f(e,t,n);",
    );
}

#[test]
fn a_number_in_capitals_is_written_out_and_declarations_are_joined() {
    becomes(
        "const SOON = 1_000, LATE = 2.5;\nconst a = 1;\nconst MOST = 3;\nlet b = 2; f(SOON * LATE, { MOST });",
        "let e=1,t=2;f(1000*2.5,{MOST:3});",
    );
    becomes(
        "if (x) { const TOP = 1; f(TOP); } const NAME = g(4); let b;",
        "if(x){let e=1;f(e)}let e=g(4),t;",
    );
    becomes(
        "for (let a = 1; a; ) { const b = 2; }",
        "for(let e=1;e;){let t=2}",
    );
}

#[test]
fn a_short_name_means_one_thing_wherever_it_is_used() {
    becomes(
        "function g(one) { e(one); } function h(two) { t(two); }",
        "function n(t){e(t)}function a(e){t(e)}",
    );
    becomes(
        "const at = 1; function g(at) { return at; } f(at);",
        "let e=1;function t(e){return e}f(e);",
    );
    becomes(
        "const one = 1; f(two => g(three => one + two + three));",
        "let e=1;f(t=>g(n=>e+t+n));",
    );
    becomes(
        "function g(one) { const two = 2; { const three = 3; } return () => { const four = 4; f(two); }; }",
        "function e(e){let t=2;{let e=3}return()=>{let e=4;f(t)}}",
    );
    becomes(
        "for (const one of x) f(one); for (const two of x) { const one = y; f(two); }",
        "for(let e of x)f(e);for(let e of x){let t=y;f(e)}",
    );
    becomes(
        "f(x.catch(() => null), one => one, one);",
        "f(x.catch(()=>null),e=>e,one);",
    );
}

#[test]
fn our_modules_share_no_top_level_name() {
    for name in SCRIPTS {
        let source = bundle(name);
        let tokens = tokens(&source);
        let script = Script { tokens: &tokens };
        let mut names = script.scopes().swap_remove(0).names;
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{name}");
    }
}

#[test]
fn in_our_modules_every_declared_name_is_short_and_all_else_is_as_it_was() {
    SCRIPTS
        .map(bundle)
        .iter()
        .for_each(|source| keeps_its_meaning(&rearrange(source)));
}

#[test]
fn in_our_modules_no_text_is_lost_by_moving_functions() {
    let texts = |source: &str| {
        let all = tokens(source);
        let texts = all
            .iter()
            .filter(|it| matches!(it.kind, Kind::Literal | Kind::Template));
        let mut texts: Vec<_> = texts.map(|it| it.text.to_owned()).collect();
        texts.sort_unstable();
        texts
    };
    for source in SCRIPTS.map(bundle) {
        assert_eq!(texts(&source), texts(&rearrange(&source)));
    }
}

fn keeps_its_meaning(source: &str) {
    let small = shorten(source);
    let (before, after) = (tokens(source), tokens(&small));
    let script = Script { tokens: &after };
    for at in 0..after.len() {
        for (_, _, names) in [script.declared(at), script.parameters(at)]
            .into_iter()
            .flatten()
        {
            assert!(
                names.iter().all(|name| name.len() <= 2),
                "{names:?} in\n{small}"
            );
        }
    }
    let fixed = |all: &[Token]| {
        let script = Script { tokens: all };
        let fixed = (0..all.len()).filter(|&at| match all[at].kind {
            Kind::Word => !script.is_variable(at) || script.is_shorthand(at),
            Kind::Literal | Kind::Template => true,
            Kind::Number | Kind::Sign => false,
        });
        fixed.map(|at| all[at].text.to_owned()).collect::<Vec<_>>()
    };
    assert!(
        fixed(&before) == fixed(&after),
        "something else changed in\n{small}"
    );
}
