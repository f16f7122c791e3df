#!/usr/bin/env python3
"""report_page.py PAGE CHECK[=MORE]... - the page of `compare --report`, used as a
reader does. Without CHECK a list of them. Prints "ok CHECK: ..." or "wrong
CHECK: ..." for each. tests/system/report.sh makes the pages."""

import csv
import sys
import zlib

from browser import Browser

WIDTHS = (1280, 768, 360)


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def opens(b, path):
    """no complaint, no request beside itself, nothing wider than the window"""
    for width in WIDTHS:
        for dark in (False, True):
            page = b.open(path, width=width, dark=dark)
            need(page.eval("document.documentElement.dataset.ready") == "yes", "it did not get ready")
            need(not page.complaints(), page.complaints())
            # the tab's empty document may still have been on its way
            asked = [e["request"]["url"]
                     for e in page.told("Network.requestWillBeSent")
                     if e["documentURL"] != "about:blank"]
            need(all(url.startswith("file:") for url in asked) and len(asked) == 1, asked)
            need(page.eval("document.documentElement.scrollWidth") <= width, f"wider than {width}")
            need(page.eval("""[...document.querySelectorAll('main section')].filter(s => !s.hidden)
                .every(s => s.children.length > 1)"""), "a section is empty")


def colours(b, path):
    """text and curves stand out against the page, light and dark, by WCAG 2"""
    script = """(() => {
        const style = getComputedStyle(document.documentElement);
        const light = name => {
            const hex = style.getPropertyValue("--" + name).trim();
            const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const back = light("back");
        const contrast = name => (Math.max(light(name), back) + 0.05) / (Math.min(light(name), back) + 0.05);
        return Object.fromEntries(["text", "quiet", "focus", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"]
            .map(name => [name, contrast(name)]));
    })()"""
    for dark in (False, True):
        found = b.open(path, dark=dark).eval(script)
        for name, ratio in found.items():
            least = 4.5 if name in ("text", "quiet", "focus") else 3
            need(ratio >= least, f"--{name} has a contrast of {ratio:.2f}, dark: {dark}")


def hover(b, path):
    """what is under the pointer is told"""
    page = b.open(path)
    page.point(*page.place("document.querySelector('#curves canvas')"))
    told = page.until("""(() => {
        const canvas = document.querySelector('#curves canvas');
        const t = Chart.getChart(canvas).tooltip;
        return t.opacity === 1 &&
            { lines: t.body.flatMap(b => b.lines), title: t.title[0] };
    })()""")
    need(told and told["title"].startswith("step "), told)
    need(any(line.startswith("softmax: ") for line in told["lines"]), told)


def keys(b, path):
    """the arrow keys go from point to point, and say it"""
    page = b.open(path)
    page.eval("document.querySelector('#curves canvas').focus()")
    page.key("ArrowRight")
    first = page.eval("document.getElementById('said').textContent")
    page.key("End")
    last = page.eval("document.getElementById('said').textContent")
    need(first.startswith("step 0: softmax"), first)
    need(last != first and last.startswith("step "), last)


def curves_shown(page):
    return page.eval("""Chart.getChart(document.querySelector('#curves canvas')).data.datasets
        .filter(d => !d.is_band).map(d => d.label)""")


def show(b, path):
    """a click hides a curve, another shows it; all, none; single runs"""
    page = b.open(path)
    need(curves_shown(page) == ["softmax", "sigmoid"], curves_shown(page))
    box = "document.querySelector('#curves .legend input')"
    page.click(box)
    need(curves_shown(page) == ["sigmoid"], curves_shown(page))
    page.click(box)
    need(curves_shown(page) == ["softmax", "sigmoid"], curves_shown(page))
    button = "[...document.querySelectorAll('#curves button')].find(b => b.textContent === '{}')"
    page.click(button.format("None"))
    need(curves_shown(page) == [], curves_shown(page))
    page.click(button.format("All"))
    page.click("document.querySelector('#curves > .controls input[type=checkbox]')")
    need(len(curves_shown(page)) == 4, curves_shown(page))
    whole = page.eval("""(() => { const c = Chart.getChart(document.querySelector('#curves canvas'));
        return c.data.datasets.every(d => d.is_band || d.clip >= d.pointHoverRadius); })()""")
    need(whole, "marks at step 0 are cut")


def legends(b, path):
    """marks of final values and of curves over depths are named, those that are shown"""
    page = b.open(path)
    named = "[...document.querySelectorAll('#{} .legend li')].map(l => [!!l.querySelector('svg'), l.textContent])"
    for part in ("finals", "places"):
        told = page.eval(named.format(part))
        need(told == [[True, "softmax"], [True, "sigmoid"]], told)
    page.click("document.querySelector('#curves .legend input')")
    told = page.eval("document.querySelector('#finals figcaption').textContent")
    need("sink_1: analysis, " in told and ", eps 0.3." in told, told)
    for part in ("finals", "places"):
        need(page.eval(named.format(part)) == [[True, "sigmoid"]], "one that is hidden")
    choose(page, "document.querySelector('#finals select')", "key:run.seed")
    ticks = page.eval("Chart.getChart(document.querySelector('#finals canvas')).scales.x.ticks.map(t => t.label)")
    need(ticks == ["1", "2"], f"ticks at {ticks}, not at the values of run.seed")
    told = page.eval(
        "[4e-5, 9999.5, 10000, 12345, 16384, 1234567, 4294967296].map(v => "
        "Chart.getChart(document.querySelector('#finals canvas')).scales.x.options.ticks.callback(v)).join(' ')"
    )
    need(told == "0.00004 9999.5 10k 12.345k 16.384k 1.234567M 4.294967296G", f"ticks as {told}")


def choose(page, script, value):
    page.eval(f"""(() => {{ const s = {script}; s.value = {value!r};
        if (s.value !== {value!r}) throw new Error("no choice " + {value!r});
        s.dispatchEvent(new Event("change")); }})()""")


def apart(page, axis):
    """Labels of ticks do not lie upon each other."""
    found = page.eval("""(() => {
        const chart = Chart.getChart(document.querySelector('#curves canvas')), s = chart.scales["%s"];
        chart.ctx.font = Chart.helpers.toFont(s.options.ticks.font).string;
        const size = t => s.isHorizontal() ? chart.ctx.measureText(t.label).width : 12;
        const labels = s.ticks.map((t, i) => [t.label, s.getPixelForTick(i), size(t)]).filter(l => l[0]);
        labels.sort((a, b) => a[1] - b[1]);
        return [labels.map(l => l[0]), labels.every((l, i) => !i ||
            l[1] - labels[i - 1][1] > (l[2] + labels[i - 1][2]) / 2)];
    })()""" % axis)
    need(found[1] and len(found[0]) > 1, f"labels on axis {axis}: {found[0]}")


def axes(b, path):
    """metric and x axis are the reader's choice"""
    page = b.open(path)
    chart = "Chart.getChart(document.querySelector('#curves canvas'))"
    choose(page, "document.querySelector('#curves figure select')", "row_sum")
    told = page.eval("document.querySelector('#curves figcaption').textContent")
    need(told.startswith("row_sum: "), told)
    choose(page, "document.querySelector('#curves > .controls select')", "step-log")
    apart(page, "x")
    page.click("document.querySelector('#curves figure input[type=checkbox]')")
    apart(page, "y")
    choose(page, "document.querySelector('#curves > .controls select')", "tokens-log")
    apart(page, "x")
    told = page.eval(chart + ".scales.x.type")
    need(told == "logarithmic", told)
    least = page.eval(chart + ".data.datasets.find(d => !d.is_band).data[0].x")
    need(least > 1, "tokens, not steps")
    page.eval("document.querySelector('#curves details').open = true")
    rows = "document.querySelectorAll('#curves details tbody tr').length > 2"
    need(page.until(rows), "values as a table")
    choose(page, "document.querySelector('#finals select')", "val_loss")
    need(page.eval("Chart.getChart(document.querySelector('#finals canvas')).data.datasets"
                   ".every(d => d.data.every(p => p.x > 0.5))"), "loss on the x axis")


def sort(b, path):
    """a heading sorts its column up, then down"""
    page = b.open(path)
    table = "[...document.querySelectorAll('#runs table')].pop()"
    column = page.eval(f"[...{table}.querySelectorAll('thead th')].findIndex("
                       "th => th.textContent.startsWith('val_loss'))")
    heading = f"{table}.querySelectorAll('thead th button')[{column}]"
    values = f"[...{table}.querySelectorAll('tbody tr')].map(tr => parseFloat(tr.children[{column}].textContent))"
    page.click(heading)
    down = page.eval(values)
    page.click(heading)
    up = page.eval(values)
    need(len(up) == 4 and up == sorted(up) and down == sorted(up, reverse=True), (down, up))
    need(page.eval(f"{heading}.parentNode.getAttribute('aria-sort')") == "ascending", "said to readers")


def maps(b, path, analysis):
    """the slider goes through the steps; numbers are those of analysis.csv"""
    with open(analysis) as f:
        rows = list(csv.DictReader(f))
    page = b.open(path)
    shown = "[...document.querySelectorAll('#heads .map caption')].map(c => c.textContent.split(', step')[0])"
    need(page.eval(shown) == ["softmax, 0000-softmax-seed1", "sigmoid, 0002-sigmoid-seed1"], page.eval(shown))
    runs = "[...document.querySelectorAll('#heads select')].pop()"
    choose(page, runs, "means")
    need(page.eval(shown) == ["softmax", "sigmoid"], page.eval(shown))
    choose(page, runs, "all")
    need(len(page.eval(shown)) == 4, page.eval(shown))
    heading = page.eval("document.querySelector('#heads .map thead').textContent")
    need(heading == "layerhead0123", heading)
    choose(page, "document.querySelector('#heads select')", "first_mass")
    cells = "[...document.querySelector('#heads .map').querySelectorAll('td')].map(c => parseFloat(c.textContent))"
    caption = "document.querySelector('#heads .map caption').textContent"
    need(not page.eval("[...document.querySelectorAll('#heads select option')].some(o => o.value === 'sink_bias')"),
         "no model has an extra column")
    told = page.eval("document.querySelector('#heads > p:last-child').textContent")
    need("without a number in any run" in told and "bias_mass, sink_bias" in told, told)
    for row in (rows[-1], rows[0]):
        found = page.eval(cells)
        want = 100 * float(row["first_mass"])
        # cells are rounded to one digit, their mean is at most half of one off
        need(found and abs(sum(found) / len(found) - want) <= 0.05 + 0.013, (found, want))
        need(page.eval(caption).endswith(f"step {int(row['step']):,}"), page.eval(caption))
        page.eval("document.querySelector('#heads input[type=range]').focus()")
        page.key("Home")
    page.click("document.querySelector('#heads .map td')")
    told = page.eval("document.querySelector('#heads p[aria-live=off]').textContent")
    need("layer 0, head 0" in told, f"the first layer above: {told}")
    page.key("Tab")
    page.click("document.querySelectorAll('#heads input[type=checkbox]')[0]")
    n = page.eval("document.querySelector('#heads .map tbody tr').children.length")
    need(n == len(rows) + 1, f"{n} columns over training")
    caption = page.eval("[...document.querySelectorAll('#heads > p')].map(p => p.textContent).join(' ')")
    need("Rows: layer and head as 0.0 (layer 0, head 0), columns: step." in caption, caption)


def profile(b, path):
    """curves over depths"""
    page = b.open(path)
    choose(page, "document.querySelector('#places select')", "hidden_ratio")
    told = page.eval("""(() => { const c = Chart.getChart(document.querySelector('#places canvas'));
        return [c.options.scales.x.title.text, c.data.datasets.map(d => d.data.length)]; })()""")
    need(told == ["depth", [3, 3]], told)


def three(b, path):
    """of a map of three axes two are chosen, and where the third stands"""
    page = b.open(path)
    choose(page, "document.querySelector('#heads select')", "key_norm")
    size = """(() => { const rows = [...document.querySelector('#heads .map tbody').children];
        return [rows.length, rows[0].querySelectorAll('td').length]; })()"""
    need(page.eval(size) == [2, 4], page.eval(size))
    cells = "[...document.querySelector('#heads .map').querySelectorAll('td')].map(c => c.textContent)"
    selects = "[...document.querySelectorAll('#heads .controls .controls select')]"
    first = page.eval(cells)
    choose(page, selects + "[1]", "3")
    fourth = page.eval(cells)
    need(fourth != first, "another position")
    choose(page, selects + "[0]", "1")
    need(page.eval(size) == [2, 16], page.eval(size))
    need([page.eval(cells)[0], page.eval(cells)[3]] == [first[0], fourth[0]], "one layer of head 0, along positions")
    told = page.eval("document.querySelector('#places select').value")
    need(told == "key_norm", told)
    told = page.eval("""(() => { const c = Chart.getChart(document.querySelector('#places canvas'));
        const x = c.data.datasets[0].data.map(p => p.x);
        const ticks = c.scales.x.ticks.map(t => t.label);
        return [x.length, x[0], x[15], c.options.scales.x.title.text, ticks[0], ticks.pop()]; })()""")
    need(told == [16, 1, 16, "position, from 1", "1", "16"], told)
    labels = """Chart.getChart(document.querySelector('#places canvas')).data.datasets
        .map(d => d.label.replace(/[0-9]{4}-[a-z]+-/, ""))"""
    first_place = "Math.max(...Chart.getChart(document.querySelector('#places canvas')).data.datasets.map(d => d.data[0].y))"
    opened = page.eval(first_place)
    selects = "[...document.querySelectorAll('#places .controls .controls select')]"
    others = []
    for layer in "01":
        choose(page, selects + "[0]", layer)
        for head in "0123":
            choose(page, selects + "[1]", head)
            others.append(page.eval(first_place))
    need(opened == max(others) > min(others), f"it opens on the largest at position 1: {opened} of {others}")
    first = ["softmax, seed1", "sigmoid, seed1"]
    need(page.eval(labels) == first, f"of a chosen head the first runs, not {page.eval(labels)}")
    caption = "document.querySelector('#places figcaption').textContent"
    need(page.eval(caption).endswith("Of each group the first run, for a head of one seed is no head of another."
         " At first of the layer and head with the largest number at position 1 and the last step."),
         page.eval(caption))
    page.click("[...document.querySelectorAll('#places input[type=checkbox]')].pop()")
    need(len(page.eval(labels)) == 4, "all runs")
    page.click("[...document.querySelectorAll('#places input[type=checkbox]')].pop()")
    choose(page, "document.querySelector('#places select')", "hidden_ratio")
    need(page.eval(labels) == ["softmax", "sigmoid"], "means of what is of no head")
    need(page.eval(caption).endswith("Means over the runs of a group."), page.eval(caption))


def verdict(b, path):
    """every verdict lies on a narrow screen, and differences have signs"""
    for width in (360, 420):
        page = b.open(path, width=width)
        ends = page.eval("""[...document.querySelectorAll('#differs tbody td')].filter(td =>
            td.dataset.head === 'verdict').map(td => td.getBoundingClientRect().right)""")
        need(ends and all(0 < end <= width for end in ends), (width, ends))
        page.eval("document.querySelector('#differs tbody').scrollIntoView()")
        lacks = page.eval("""[...document.querySelectorAll('#differs tbody td')].filter(td =>
            td.dataset.head === 'difference').map(td => td.textContent).filter(t => !/^([+\\-\u2212]|0[^0-9]*$)/.test(t))""")
        need(not lacks, lacks)


def claims(b, path):
    """a claim is a line that begins with its verdict"""
    page = b.open(path)
    found = page.eval("""[...document.querySelectorAll('#claims li')].map(li =>
        [li.children[0].textContent, li.children[1].textContent, li.textContent])""")
    need(len(found) == 1 and found[0][0] == "undecided: " and found[0][1].startswith("sink_1(") and
         found[0][1].endswith("softmax)") and found[0][2].startswith("".join(found[0][:2]) + ": "), found)
    need(page.eval("document.querySelector('#claims pre').textContent").startswith("1 claim: "), "their sum below")
    need("Claims take pairs of equal seeds only where" in page.eval("document.getElementById('differs').textContent"),
         "what their p is of")


def rounds(b, path, want):
    """final values are rounded as compare's table rounds them"""
    page = b.open(path)
    found = page.eval("""(() => { const table = [...document.querySelectorAll('#runs table')].pop();
        const at = [...table.querySelectorAll('thead th')].findIndex(th => th.textContent === 'sink_1');
        return [...table.querySelectorAll('tbody tr')].map(tr => parseFloat(tr.children[at].textContent)); })()""")
    need(found == [float(x) for x in want.split(",")], f"{found}, want {want}")


def wide(b, path):
    """what is compared stands beside the name, which stays in view"""
    page = b.open(path, width=700)
    heads = page.eval("[...[...document.querySelectorAll('#runs table')].pop().querySelectorAll('thead th')]"
                      ".map(th => th.textContent)")
    need(heads[:3] == ["run", "val_loss, nats", "sink_1"], heads)
    stays = page.eval("""(() => { const box = [...document.querySelectorAll('#runs .rows')].pop();
        const name = box.querySelector('tbody th'), before = name.getBoundingClientRect().left;
        box.scrollLeft = 200;
        return [box.scrollLeft, before, name.getBoundingClientRect().left]; })()""")
    need(stays[0] > 0 and stays[1] == stays[2], stays)
    ends = page.eval("[...document.querySelectorAll('#runs strong')].map(s => s.getBoundingClientRect().right)")
    need(len(ends) == 2 and all(0 < end <= 700 for end in ends), ends)


def many(b, path):
    """of many keys the heading has three, and a line names all by section"""
    page = b.open(path)
    heading = page.eval("document.querySelector('h1').textContent")
    need(heading == "a, b compared by layers, lr, steps and 3 more keys", heading)
    told = page.eval("document.getElementById('summary').textContent")
    need(told == "2 runs; they differ in 6 keys: [run] seed; [model] layers, width; [optim] lr; "
         "[train] steps, batch.", told)


def title(b, path, want):
    """tab and heading say what was compared, and by what"""
    page = b.open(path)
    for found in (page.eval("document.title"), page.eval("document.querySelector('h1').textContent")):
        need(found == want, found)


def configs(b, path):
    """a run's settings, and what the others have"""
    page = b.open(path)
    text = page.eval("document.querySelector('#configs tbody').textContent")
    need("weights" in text and "sigmoid" in text and "width" not in text, text)
    page.click("document.querySelector('#configs input[type=checkbox]')")
    rows = page.eval("document.querySelectorAll('#configs tbody tr').length")
    need(rows > 100, f"{rows} settings")
    page.click("[...document.querySelectorAll('#runs table')].pop().querySelectorAll('tbody a')[2]")
    need(page.eval("document.querySelector('#configs select').value") == "2", "a run's name leads there")


def theme(b, path):
    """the reader's colours"""
    page = b.open(path)
    back = "getComputedStyle(document.body).backgroundColor"
    before = page.eval(back)
    page.click("document.getElementById('theme')")
    page.click("document.getElementById('theme')")
    need(page.eval(back) != before, "dark")
    page.click("document.getElementById('theme')")
    need(page.eval(back) == before, "and back")


def prints(b, path, pdf):
    """on paper: light, without controls"""
    page = b.open(path, dark=True)
    page.print(pdf)
    with open(pdf, "rb") as f:
        need(f.read(4) == b"%PDF", "a PDF")
    page.look(800, dark=True, media="print")
    need(page.eval("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "white")
    need(page.eval("[...document.querySelectorAll('.controls')].every("
                   "c => getComputedStyle(c).display === 'none')"), "no controls")


def hostile(b, path, name):
    """what names hold is shown, and does nothing"""
    page = b.open(path)
    need(not page.complaints(), page.complaints())
    need(page.eval("typeof window.harmed") == "undefined", "a name was run")
    need(page.eval("document.querySelectorAll('main script, main img, main b').length") == 0, "a name is markup")
    text = page.eval("document.querySelector('#runs').textContent")
    need(name in text, f"{name} is not shown")


def alone(b, path):
    """one run, not analyzed: what there is"""
    page = b.open(path)
    need(not page.complaints(), page.complaints())
    need(page.eval("[...document.querySelectorAll('main section')].filter(s => s.hidden).map(s => s.id)")
         == ["claims", "heads", "places"], "no claims, no maps")
    need(len(curves_shown(page)) == 1, curves_shown(page))


def looks(b, path, n):
    """no two groups look the same, as lines or as marks; who is not shown is told"""
    page = b.open(path)
    shown = int(n) if int(n) <= 16 else 8
    need(len(curves_shown(page)) == shown, curves_shown(page))
    told = page.eval("document.querySelector('#curves .controls [aria-live]').textContent")
    need(told == f"{shown} of {n} shown" + ("" if shown == int(n) else ", those that are ticked"), told)
    page.click("[...document.querySelectorAll('#curves button')].find(b => b.textContent === 'All')")
    for look in ("d.pointStyle + d.pointBackgroundColor", "d.borderDash.join()"):
        told = page.eval("Chart.getChart(document.querySelector('#curves canvas')).data.datasets"
                         f".filter(d => !d.is_band).map(d => d.borderColor + {look})")
        need(len(set(told)) == len(told) == int(n), told)


def shot(b, path, picture):
    """docs/report.png: claims to curves, with values under the pointer"""
    page = b.open(path, width=1000)
    page.look(1000, page.eval("""Math.ceil(document.querySelector('#curves .figures').getBoundingClientRect().bottom -
        document.getElementById('claims').getBoundingClientRect().top)"""))
    page.eval("document.getElementById('claims').scrollIntoView()")
    page.frames()
    left, top, width, height = page.eval("""(() => {
        const r = document.querySelector('#curves canvas').getBoundingClientRect();
        return [r.x, r.y, r.width, r.height]; })()""")
    page.point(left + 0.64 * width, top + 0.3 * height)
    need(page.until("Chart.getChart(document.querySelector('#curves canvas')).tooltip.opacity === 1"), "no values")
    page.shot(picture)
    with open(picture, "rb") as f:
        need(zlib.crc32(f.read()), "empty")


CHECKS = (opens, colours, hover, keys, show, legends, axes, sort, maps, profile, three, verdict, claims, rounds, wide, many, title,
          configs, theme, prints, hostile,
          alone, looks, shot)


def main():
    by_name = {check.__name__: check for check in CHECKS}
    path, words = sys.argv[1:2], sys.argv[2:]
    if not path or not words or any(word.split("=")[0] not in by_name for word in words):
        for check in CHECKS:
            print(f"{check.__name__:8} {check.__doc__}")
        sys.exit(2)
    with Browser() as b:
        for word in words:
            name, *more = word.split("=", 1)
            check = by_name[name]
            try:
                check(b, path[0], *more)
                print(f"ok {name}: {check.__doc__}", flush=True)
            except (Wrong, RuntimeError) as e:
                print(f"wrong {name}: {check.__doc__}: {e}".replace("\n", " "), flush=True)


main()
