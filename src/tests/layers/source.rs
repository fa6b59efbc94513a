//! What one file uses: paths with their first segments resolved, and the words that some files may not say.
//!
//! Read with a parser, so comments and strings say nothing. Inside a macro call the arguments are read as
//! expressions where they are some, else token by token.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprIndex, ExprMethodCall, Item, ItemMod, ItemUse, Macro, Path, UseTree};

use super::tree::{File, is_test_only};

/// Something that a file uses outside of test code.
pub struct Use {
    pub line: usize,
    /// `crate` paths begin with `crate`; others with an external crate or a local name.
    pub path: Vec<String>,
}

/// A word that only some files may say.
pub struct Word {
    pub line: usize,
    pub word: &'static str,
}

/// What a file uses.
#[derive(Default)]
pub struct Used {
    pub paths: Vec<Use>,
    /// `unsafe`, also in test code.
    pub unsafes: Vec<Word>,
    /// `unwrap`, `expect` and indexing, outside of test code.
    pub panics: Vec<Word>,
    /// Lints that the file denies for itself and its children.
    pub denied: String,
}

/// Reads a file. Test code counts for `unsafe` alone.
pub fn read(file: &File) -> syn::Result<Used> {
    let parsed = syn::parse_file(&file.text)?;
    let mut reader = Reader { module: file.module.clone(), locals: Vec::new(), used: Used::default() };
    find_unsafe(file.text.parse().unwrap_or_default(), &mut reader.used.unsafes);
    if !file.test_only {
        let denies = |attribute: &&syn::Attribute| attribute.path().is_ident("deny");
        let lists =
            parsed.attrs.iter().filter(denies).filter_map(|attribute| attribute.meta.require_list().ok());
        reader.used.denied = lists.map(|list| list.tokens.to_string()).collect();
        reader.visit_file(&parsed);
        let locals = reader.locals;
        // A bare first segment that the file itself declares or imports was judged where it was imported.
        reader.used.paths.retain(|used| used.path[0] == "crate" || !locals.contains(&used.path[0]));
        reader.used.paths.extend(reader_imports(&parsed, &file.module));
    }
    Ok(reader.used)
}

fn find_unsafe(tokens: TokenStream, found: &mut Vec<Word>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "unsafe" => {
                found.push(Word { line: line(word.span()), word: "unsafe" })
            }
            TokenTree::Group(group) => find_unsafe(group.stream(), found),
            _ => {}
        }
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

/// The imports of a file, each leaf a path.
fn reader_imports(file: &syn::File, module: &[String]) -> Vec<Use> {
    struct Imports {
        module: Vec<String>,
        found: Vec<Use>,
    }
    impl<'ast> Visit<'ast> for Imports {
        fn visit_item(&mut self, item: &'ast Item) {
            if !is_test_only(attributes(item)) {
                visit::visit_item(self, item);
            }
        }
        fn visit_item_mod(&mut self, item: &'ast ItemMod) {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
        fn visit_item_use(&mut self, item: &'ast ItemUse) {
            leaves(&item.tree, &mut Vec::new(), &mut |path, _| {
                let line = line(item.use_token.span);
                self.found.push(Use { line, path: absolute(&self.module, path) });
            });
        }
    }
    let mut imports = Imports { module: module.to_vec(), found: Vec::new() };
    imports.visit_file(file);
    imports.found
}

/// Calls `each` with the path and the bound name of every leaf of a `use`.
fn leaves(tree: &UseTree, prefix: &mut Vec<String>, each: &mut impl FnMut(&[String], &str)) {
    match tree {
        UseTree::Path(step) => {
            prefix.push(step.ident.to_string());
            leaves(&step.tree, prefix, each);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, prefix, each)),
        UseTree::Glob(_) => each(prefix, "*"),
        UseTree::Name(leaf) => with_leaf(prefix, &leaf.ident.to_string(), &leaf.ident.to_string(), each),
        UseTree::Rename(leaf) => with_leaf(prefix, &leaf.ident.to_string(), &leaf.rename.to_string(), each),
    }
}

fn with_leaf(prefix: &mut Vec<String>, leaf: &str, bound: &str, each: &mut impl FnMut(&[String], &str)) {
    if leaf == "self" {
        let bound =
            if bound == "self" { prefix.last().cloned().unwrap_or_default() } else { bound.to_owned() };
        return each(prefix, &bound);
    }
    prefix.push(leaf.to_owned());
    each(prefix, bound);
    prefix.pop();
}

/// Turns `self::…`, `super::…` and `$crate::…` into `crate::…`.
fn absolute(module: &[String], path: &[String]) -> Vec<String> {
    let up = path.iter().take_while(|segment| *segment == "super").count();
    let starts_at_self = path.first().is_some_and(|first| first == "self");
    if up == 0 && !starts_at_self {
        return path.to_vec();
    }
    let kept = &module[..module.len().saturating_sub(up)];
    let skipped = if starts_at_self { 1 } else { up };
    ["crate".to_owned()]
        .into_iter()
        .chain(kept.iter().cloned())
        .chain(path[skipped..].iter().cloned())
        .collect()
}

struct Reader {
    module: Vec<String>,
    /// Names that this file declares as modules or imports.
    locals: Vec<String>,
    used: Used,
}

impl Reader {
    fn path(&mut self, line: usize, segments: &[String]) {
        if segments.len() > 1 {
            self.used.paths.push(Use { line, path: absolute(&self.module, segments) });
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is_colon =
            |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
        let is_dot =
            |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == '.');
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    if at > 0 && is_dot(at - 1) && (first == "unwrap" || first == "expect") {
                        let word = if first == "unwrap" { "unwrap" } else { "expect" };
                        self.used.panics.push(Word { line: line(first.span()), word });
                    }
                    let mut segments = vec![first.to_string()];
                    while is_colon(at + 1) && is_colon(at + 2) {
                        let Some(TokenTree::Ident(next)) = tokens.get(at + 3) else { break };
                        segments.push(next.to_string());
                        at += 3;
                    }
                    self.path(line(first.span()), &segments);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.locals.push(item.ident.to_string());
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        leaves(&item.tree, &mut Vec::new(), &mut |path, bound| {
            // `use png;` binds the crate itself and hides nothing.
            if path.len() > 1 || path.first().is_some_and(|only| only != bound) {
                self.locals.push(bound.to_owned());
            }
        });
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let first = path.segments.first().map_or(1, |segment| line(segment.ident.span()));
        self.path(first, &segments);
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        visit::visit_path(self, attribute.path());
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        match call.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated) {
            Ok(arguments) => {
                // The arguments do not live as long as the file does.
                let mut inner =
                    Reader { module: self.module.clone(), locals: Vec::new(), used: Used::default() };
                arguments.iter().for_each(|argument| inner.visit_expr(argument));
                self.locals.append(&mut inner.locals);
                self.used.paths.append(&mut inner.used.paths);
                self.used.panics.append(&mut inner.used.panics);
            }
            Err(_) => self.tokens(call.tokens.clone()),
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        for word in ["unwrap", "expect"] {
            if call.method == word {
                self.used.panics.push(Word { line: line(call.method.span()), word });
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_index(&mut self, index: &'ast ExprIndex) {
        // A number into an array is checked by the compiler, and one into a slice refused by clippy.
        if !matches!(*index.index, Expr::Lit(_)) {
            self.used.panics.push(Word { line: line(index.bracket_token.span.open()), word: "indexing" });
        }
        visit::visit_expr_index(self, index);
    }
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
