//! Writes HTML that cannot be broken by what it shows: names of elements and attributes are written in the source, all
//! else is escaped on its way in. There is no other way in.

/// Names and values of attributes. A switch has an empty value.
pub(super) type Attributes<'a> = &'a [(&'static str, &'a str)];

/// A piece of HTML or SVG that grows.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                char => self.0.push(char),
            }
        }
    }

    /// An element and what is in it.
    pub(super) fn element(&mut self, name: &'static str, attributes: Attributes<'_>, inside: impl FnOnce(&mut Html)) {
        self.lone(name, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element with text in it.
    pub(super) fn words(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// An element that has no end, such as `input`.
    pub(super) fn lone(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// What stands in the source as it is: markup, style, script.
    pub(super) fn verbatim(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// All of it.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        let hostile = "</p><script>alert('x')</script>&amp;\"";
        let mut html = Html::default();
        html.element("p", &[("title", hostile), ("hidden", "")], |html| {
            html.words("b", &[], hostile);
            html.lone("br", &[]);
        });
        let escaped = "&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;&quot;";
        let expected = format!("<p title=\"{escaped}\" hidden=\"\"><b>{escaped}</b><br></p>");
        assert_eq!(html.into_string(), expected);
    }
}
