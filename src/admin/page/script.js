
"use strict";
{
    const every = 2000;
    const form = document.getElementById("ask");
    const lost = document.getElementById("lost");
    let asked = location.search;
    let fresh = new Date();
    let timer;

    // Text that the reader has selected to copy stays until they are done.
    const isSelected = (part) => {
        const selection = getSelection();
        return !selection.isCollapsed && selection.containsNode(part, true);
    };

    const show = (next) => {
        for (const part of document.querySelectorAll("[data-live]")) {
            const copy = next.getElementById(part.id);
            if (copy && !part.isEqualNode(copy) && !isSelected(part)) part.replaceWith(document.adoptNode(copy));
        }
        document.title = next.querySelector("title").textContent;
    };

    const refresh = async () => {
        clearTimeout(timer);
        const question = asked;
        try {
            const answer = await fetch(location.pathname + question, { cache: "no-store", signal: AbortSignal.timeout(10000) });
            if (!answer.ok) throw new Error(answer.statusText);
            // A template, not a document: a document would apply the copy's style, whose nonce is not this page's.
            const next = document.createElement("template");
            next.innerHTML = await answer.text();
            // Another key was asked for meanwhile: its answer is on its way.
            if (question !== asked) return;
            show(next.content);
            fresh = new Date();
            lost.hidden = true;
        } catch {
            lost.querySelector("time").textContent = fresh.toLocaleTimeString();
            lost.hidden = false;
        }
        clearTimeout(timer);
        timer = setTimeout(refresh, every);
    };

    form.addEventListener("submit", (event) => {
        event.preventDefault();
        asked = "?" + new URLSearchParams(new FormData(form));
        history.replaceState(null, "", asked);
        refresh();
    });
    document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : refresh());
    timer = setTimeout(refresh, every);
}
