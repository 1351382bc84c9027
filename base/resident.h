#pragma once

namespace benchd::base {

/// Gives back what start-up needed and the present may not: free memory of the heap, and the pages of code that are
/// mapped, this program's and its libraries'. Code that runs after all is mapped again out of the page cache, 64 KiB by
/// one minor fault. Any thread may go on meanwhile. Breakpoints that a debugger has set are lost.
void give_back_memory();

}  // namespace benchd::base
