# benchd_bpf_skeleton(load kernel.bpf.c NAME kernel_programs DEPENDS a.h …) compiles a BPF program by clang and makes
# bpftool write its C header NAME.skel.h, which the target's own sources may include.
find_program(CLANG clang REQUIRED)
find_program(BPFTOOL bpftool PATHS /usr/sbin /sbin REQUIRED)

set(BPF_ARCH x86)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(BPF_ARCH arm64)
endif()
# mcpu=v3: atomic operations that return a value.
set(BPF_COMPILE ${CLANG} -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_${BPF_ARCH} -Wall -Werror
  -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})

function(benchd_bpf_skeleton target source)
  cmake_parse_arguments(ARG "" "NAME" "DEPENDS;INCLUDE" ${ARGN})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${ARG_NAME}.bpf.o)
  set(skeletons ${CMAKE_CURRENT_BINARY_DIR}/skeletons)
  file(MAKE_DIRECTORY ${skeletons})
  list(TRANSFORM ARG_INCLUDE PREPEND -I)
  add_custom_command(OUTPUT ${object}
    COMMAND ${BPF_COMPILE} ${ARG_INCLUDE} -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source} ${ARG_DEPENDS})
  set(skeleton ${skeletons}/${ARG_NAME}.skel.h)
  add_custom_command(OUTPUT ${skeleton}
    COMMAND echo "// NOLINTBEGIN" > ${skeleton}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${ARG_NAME} >> ${skeleton}
    COMMAND echo "// NOLINTEND" >> ${skeleton}
    DEPENDS ${object})
  target_sources(${target} PRIVATE ${skeleton})
  target_include_directories(${target} SYSTEM PRIVATE ${skeletons})
endfunction()
