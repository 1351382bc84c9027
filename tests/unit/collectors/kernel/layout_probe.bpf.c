/* Says what the programs take a kernel's layout to be; reads nothing, so that it runs with the type information of any.
 */
/* linux/bpf.h must come before libbpf's headers. */
// clang-format off
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "layout.h"
// clang-format on

__u32 sums_subtrees = 0;
__u32 pointer_offset = 0;
__u32 own_offset = 0;
__u32 subtree_offset = 0;

SEC("raw_tp")
int probe(void* ctx) {
  sums_subtrees = sums_subtrees_here();
  pointer_offset = stat_pointer_offset();
  own_offset = stat_offset(false);
  subtree_offset = stat_offset(true);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
