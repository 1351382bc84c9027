#pragma once

#include <string_view>

namespace benchd::page {

inline constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--ground:#fbfbfa;--panel:#fff;--ink:#1d2126;--soft:#69707a;--line:#e4e5e3;--bar:#2f7d6b;--bar-ground:#e8ecea;--warn:#a4560a;--warn-ground:#fdf3e4}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--panel:#1b1f23;--ink:#e3e6e8;--soft:#929aa3;--line:#2b3136;--bar:#4fb39b;--bar-ground:#2a3136;--warn:#e2a55c;--warn-ground:#2a241a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1500px;margin:0 auto;padding:0 24px}
header{display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline;padding-top:20px;padding-bottom:12px}
h1{font-size:20px;margin:0;letter-spacing:-.01em}
h2{font-size:14px;margin:26px 0 8px}
h2 span,.soft{color:var(--soft);font-weight:400}
nav{margin-left:auto;display:flex;gap:16px}
a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:3px}
footer{padding-top:18px;padding-bottom:24px;color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:10px 34px;background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:14px 18px}
.facts dt{color:var(--soft);font-size:12px}
.facts dd{margin:0;font-size:17px}
.facts dd small{font-size:12px;color:var(--soft)}
.cpus{display:flex;flex-wrap:wrap;gap:3px;margin-top:10px}
.cpus i{flex:1 0 10px;max-width:48px;height:26px;border-radius:2px;background:linear-gradient(to top,var(--bar) var(--v),var(--bar-ground) var(--v))}
.scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%}
th{font-size:12px;font-weight:500;color:var(--soft);text-align:right;padding:9px 12px;border-bottom:1px solid var(--line);white-space:nowrap}
td{text-align:right;padding:7px 12px;border-top:1px solid var(--line);white-space:nowrap;vertical-align:top}
tbody tr:first-child td{border-top:0}
tbody tr:hover{background:color-mix(in srgb,var(--bar) 6%,transparent)}
.text{text-align:left}
.text bdi{display:block;max-width:34ch;overflow:hidden;text-overflow:ellipsis}
td small{display:block;color:var(--soft);font-size:12px}
.meter{background:linear-gradient(var(--bar),var(--bar)) left bottom/var(--v) 2px no-repeat,linear-gradient(var(--bar-ground),var(--bar-ground)) left bottom/100% 2px no-repeat;padding-bottom:3px;min-width:74px;display:inline-block}
.ended td{color:var(--soft)}
.warn{color:var(--warn)}
.states{list-style:none;margin:0;padding:4px 18px;background:var(--warn-ground);border-radius:8px}
.states li{padding:7px 0}
code{font:12px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.empty{padding:28px 18px;text-align:center;color:var(--soft)}
#lost{display:none;color:var(--warn)}
.lost #lost{display:inline}
.lost main{opacity:.55}
)css";

/// Content is swapped as a whole, but not below a selection or in a tab that nobody looks at. The first turn is quick,
/// because the first view has no rates.
inline constexpr std::string_view kScript = R"js(
async function refresh(){
  if(!document.hidden&&getSelection().isCollapsed){
    try{
      const answer=await fetch(location.pathname,{cache:"no-store",signal:AbortSignal.timeout(10000)});
      if(!answer.ok)throw new Error(answer.status);
      const page=new DOMParser().parseFromString(await answer.text(),"text/html");
      const old=document.querySelector(".scroll"),left=old?old.scrollLeft:0;
      document.querySelector("main").replaceWith(page.querySelector("main"));
      const scroll=document.querySelector(".scroll");
      if(scroll)scroll.scrollLeft=left;
      document.body.classList.remove("lost");
    }catch{document.body.classList.add("lost")}
  }
  setTimeout(refresh,2000);
}
setTimeout(refresh,1000);
)js";

}  // namespace benchd::page
