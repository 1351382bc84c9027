# Flags of every target: warnings are errors, release is hardened, sanitizers by preset.
set(BENCHD_SANITIZE "" CACHE STRING "-fsanitize= of the asan and tsan presets")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Members that a designated initializer leaves out have their default: that is the point of naming the others.
# -Wrestrict is wrong about std::string's operator+ in g++ 12 (GCC bug 105651).
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-missing-field-initializers -Wno-restrict)
if(BENCHD_SANITIZE)
  # -g1 has the lines that reports need, and compiles 12 % faster than -g.
  add_compile_options(-fsanitize=${BENCHD_SANITIZE} -g1 -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BENCHD_SANITIZE})
  if(BENCHD_SANITIZE STREQUAL "thread")
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)  # TSan knows no fences: g++ warns; no context here needs them
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-Wl,-z,relro,-z,now)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_link_options(-pie)
endif()
