//! Shortcodes of Hugo and Zola and the Liquid tags of Jekyll, turned into plain Markdown.
//!
//! Known ones are converted. Unknown ones are taken out, what stands between their tags is kept, and they are reported.
//! Code is never touched, and braces that are no call of the folder's dialect stay as they are.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::calls::{Call, Reader, Token};
use super::code::{self, Inside};
use super::known;
use super::site::Dialect;

/// `body` without shortcodes, and one sentence for each kind of shortcode that had to be taken out.
pub fn convert(body: &str, dialect: Dialect, head: &Map<String, Value>) -> (String, Vec<String>) {
    if !body.contains("{{") && !body.contains("{%") && !body.contains("{:") {
        return (body.to_owned(), Vec::new());
    }
    let mut pass = Pass {
        body,
        dialect,
        head,
        out: String::with_capacity(body.len()),
        open: Vec::new(),
        notes: Vec::new(),
        unclosed: HashSet::new(),
    };
    pass.run();
    (pass.out, pass.notes)
}

/// One walk over a body.
struct Pass<'a> {
    body: &'a str,
    dialect: Dialect,
    head: &'a Map<String, Value>,
    out: String,
    /// Opening tags that may still be closed, with the place in `out` where their text begins.
    open: Vec<(Call, usize)>,
    notes: Vec<String>,
    /// Tags known to have no closing tag ahead, so that each is searched for once.
    unclosed: HashSet<String>,
}

impl Pass<'_> {
    fn run(&mut self) {
        let ranges = code::ranges(self.body);
        let (mut code, mut reader) = (Inside::new(&ranges), Reader::new(self.body, self.dialect));
        let (mut copied, mut at) = (0, 0);
        while let Some(brace) = self.body[at..].find('{').map(|place| at + place) {
            let in_code = code.at(brace).is_some();
            let token = reader
                .token(brace)
                .filter(|(token, _)| !in_code || shown_in_code(token));
            let Some((token, end)) = token else {
                at = brace + 1;
                continue;
            };
            self.out.push_str(&self.body[copied..brace]);
            at = self.take(token, end);
            copied = at;
        }
        self.out.push_str(&self.body[copied..]);
    }

    /// Writes what stands for the token, and returns where to go on.
    fn take(&mut self, token: Token, end: usize) -> usize {
        match token {
            Token::Open(call) => return self.open(call, end),
            Token::Close(name) => self.close(&name),
            Token::Quoted(text) => self.out.push_str(&text),
            Token::Output(expression) => match known::output(&expression, self.head) {
                Some(value) => self.out.push_str(&value),
                None => self.note(format!(
                    "the template expression {{{{ {expression} }}}} was taken out"
                )),
            },
            Token::Attributes => self.drop_contents_mark(),
        }
        end
    }

    fn open(&mut self, call: Call, end: usize) -> usize {
        if matches!(call.name.as_str(), "raw" | "comment" | "highlight")
            && !self.unclosed.contains(&call.name)
        {
            if let Some((inner_end, next)) = self.closing(&call.name, end) {
                let inner = &self.body[end..inner_end];
                match call.name.as_str() {
                    "raw" => self.out.push_str(inner),
                    "highlight" => self.fence(&call, inner),
                    _ => {}
                }
                return next;
            }
            self.unclosed.insert(call.name.clone());
        }
        if let Some(text) = known::single(&call, self.dialect, self.head) {
            self.out.push_str(&text);
        } else {
            if !known::is_pair(&call.name) {
                self.note(format!(
                    "the shortcode {} is not known here and was taken out",
                    call.name
                ));
            }
            self.open.push((call, self.out.len()));
        }
        end
    }

    fn close(&mut self, name: &str) {
        let place = self
            .open
            .iter()
            .rposition(|(call, _)| name.is_empty() || call.name == name);
        let Some(place) = place else { return };
        let (call, start) = self.open.swap_remove(place);
        self.open.truncate(place);
        if known::is_pair(&call.name) {
            let inner = self.out.split_off(start);
            self.out.push_str(&known::pair(&call, &inner));
        }
    }

    /// Where the closing tag of `name` begins and ends. Only for tags whose text must not be read.
    fn closing(&self, name: &str, from: usize) -> Option<(usize, usize)> {
        let mut reader = Reader::new(self.body, self.dialect);
        let mut at = from;
        loop {
            let brace = at + self.body[at..].find('{')?;
            match reader.token(brace) {
                Some((Token::Close(found), end)) if found == name => return Some((brace, end)),
                _ => at = brace + 1,
            }
        }
    }

    /// A fenced block at the indentation of the line that the tag stands in.
    fn fence(&mut self, call: &Call, inner: &str) {
        let line = self.out.rfind('\n').map_or(0, |place| place + 1);
        let indent = self.out[line..].to_owned();
        if !indent.trim().is_empty() {
            self.out.push_str("\n\n");
        }
        let indent = if indent.trim().is_empty() {
            indent
        } else {
            String::new()
        };
        let longest = inner
            .split(|letter| letter != '`')
            .map(str::len)
            .max()
            .unwrap_or_default();
        let ticks = "`".repeat((longest + 1).max(3));
        let language = call.argument(&["lang", "type"], 0).unwrap_or_default();
        let text = inner.trim_start_matches(['\r', '\n']).trim_end();
        self.out
            .push_str(&format!("{ticks}{language}\n{text}\n{indent}{ticks}\n"));
    }

    /// kramdown replaces a list marked `{:toc}` by a table of contents; the page has its own.
    fn drop_contents_mark(&mut self) {
        for mark in ["* TOC\n", "- TOC\n", "1. TOC\n"] {
            if self.out.ends_with(mark) {
                self.out.truncate(self.out.len() - mark.len());
            }
        }
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Generators read these even in code, because it is how an author shows a shortcode.
fn shown_in_code(token: &Token) -> bool {
    match token {
        Token::Quoted(_) => true,
        Token::Open(call) => call.name == "raw" && call.bare.is_empty(),
        Token::Close(name) => name == "raw",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, cases: &[(&str, &str)]) {
        let head = serde_json::from_str(r#"{"title": "T", "n": 3}"#).unwrap();
        for (body, expected) in cases {
            assert_eq!(convert(body, dialect, &head).0, *expected, "{body}");
        }
    }

    #[test]
    fn shortcodes_of_hugo() {
        check(
            Dialect::Hugo,
            &[
                (
                    "a {{< youtube w7Ft2ymGmfc >}} b",
                    "a [Video on YouTube](https://www.youtube.com/watch?v=w7Ft2ymGmfc) b",
                ),
                (
                    "{{< figure src=\"a b.png\" alt=\"x\" >}}",
                    "![x](<a b.png>)",
                ),
                (
                    "{{< figure src=\"a.png\" caption=\"c & d\" >}}",
                    "<figure><img src=\"a.png\" alt=\"c &amp; d\"><figcaption>c &amp; d</figcaption></figure>",
                ),
                (
                    "[x]({{< ref \"post/a b.md#c\" >}})",
                    "[x](@/post/a%20b.md#c)",
                ),
                ("[x]({{% relref \"/post/a.md\" %}})", "[x](@/post/a.md)"),
                (
                    "{{< gist spf13 7896402 >}}",
                    "[Gist by spf13](https://gist.github.com/spf13/7896402)",
                ),
                (
                    "x\n{{< highlight go \"linenos=table\" >}}\nif x { {{y}} }\n{{< /highlight >}}\nz",
                    "x\n```go\nif x { {{y}} }\n```\n\nz",
                ),
                ("{{% notice tip %}}\n*in*\n{{% /notice %}}", "\n*in*\n"),
                (
                    "{{< details \"More\" >}}x{{< /details >}}",
                    "<details><summary>More</summary>\n\nx\n\n</details>",
                ),
                ("{{< param title >}}", "T"),
                ("{{closure}} {{ x }} {% y %}", "{{closure}} {{ x }} {% y %}"),
                (
                    "`{{</* tweet 1 */>}}` `{{< x >}}`",
                    "`{{< tweet 1 >}}` `{{< x >}}`",
                ),
            ],
        );
        let notes = convert(
            "{{< a >}}{{< a >}} {{< b \"{{\" >}}",
            Dialect::Hugo,
            &Map::new(),
        )
        .1;
        assert_eq!(notes.len(), 2, "{notes:?}");
    }

    #[test]
    fn shortcodes_of_zola() {
        check(
            Dialect::Zola,
            &[
                (
                    "{{ youtube(id=\"abc\", autoplay=true) }}",
                    "[Video on YouTube](https://www.youtube.com/watch?v=abc)",
                ),
                (
                    "{% quote(author=\"V\") %}\na\n\nb\n{% end %}\nc",
                    "\n> a\n>\n> b\n>\n> — V\n\nc",
                ),
                ("{% unknown(a=1) %}in{% end %}", "in"),
                (
                    "{{closure}} {{r4, pc}} {% raw %}",
                    "{{closure}} {{r4, pc}} {% raw %}",
                ),
                (
                    "```\n{{ youtube(id=\"x\") }}\n```\n",
                    "```\n{{ youtube(id=\"x\") }}\n```\n",
                ),
                (
                    "`{{r4, pc}}` and `{{ f(x=1) }}`",
                    "`{{r4, pc}}` and `{{ f(x=1) }}`",
                ),
            ],
        );
    }

    #[test]
    fn tags_of_jekyll() {
        check(
            Dialect::Jekyll,
            &[
                (
                    "{% highlight rust linenos %}\nlet a = 1;\n{% endhighlight %}\n",
                    "```rust\nlet a = 1;\n```\n\n",
                ),
                (
                    "- a\n\n  {% highlight c %}\n  x\n  {% endhighlight %}\n",
                    "- a\n\n  ```c\n  x\n  ```\n\n",
                ),
                ("[a]({% post_url 2019-01-01-x %})", "[a](@/2019-01-01-x)"),
                (
                    "[a]({{ site.baseurl }}{% post_url 2019-01-01-x %}#b)",
                    "[a](@/2019-01-01-x#b)",
                ),
                ("![a]({{ site.baseurl }}/img/a.png)", "![a](/img/a.png)"),
                (
                    "![a]({{ \"/img/a.png\" | relative_url }})",
                    "![a](/img/a.png)",
                ),
                ("{% raw %}{{ x }} {% if %}{% endraw %}", "{{ x }} {% if %}"),
                ("`{% raw %}{{ x }}{% endraw %}`", "`{{ x }}`"),
                ("a{% comment %}b{% endcomment %}c", "ac"),
                ("{{ page.title }} {{ page.n }} {{ nothing.here }}", "T 3 "),
                (
                    "{% include youtube.html id=\"abc\" %}",
                    "[Video on YouTube](https://www.youtube.com/watch?v=abc)",
                ),
                (
                    "{% include figure.html src=\"/a.png\" alt=\"b\" %}",
                    "![b](/a.png)",
                ),
                ("{% if x %}in{% endif %}", "in"),
                ("Text\n{: .lead}\n\n* TOC\n{:toc}\n", "Text\n\n\n\n"),
                ("{{r4, pc}} `{{closure}}`", "{{r4, pc}} `{{closure}}`"),
            ],
        );
    }

    #[test]
    fn hostile_braces_take_no_time() {
        for unit in [
            "{{<",
            "{% raw ",
            "{{",
            "{:",
            "{% raw %}",
            "{% highlight %}{% end",
            "{{< a >}}",
        ] {
            let text = unit.repeat(200_000 / unit.len());
            for dialect in [Dialect::Hugo, Dialect::Zola, Dialect::Jekyll] {
                let start = std::time::Instant::now();
                convert(&text, dialect, &Map::new());
                assert!(start.elapsed().as_secs() < 5, "{unit} {dialect:?}");
            }
        }
    }
}
