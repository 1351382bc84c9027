# One library per folder, and a folder sees only what it names: each library exports an include root of its own that
# holds a single link, NAME -> folder. `#include "model/reading.h"` therefore compiles only where benchd::model is
# linked, and the layers (daemon -> collectors, exporters, analysis -> model -> base) hold by construction.

# benchd_layer(collectors/cgroup SOURCES a.cpp … DEPENDS benchd::model … PRIVATE libs…)
# Makes the target benchd::collectors_cgroup from the current folder; without SOURCES it is headers only.
function(benchd_layer folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  get_filename_component(parent ${root}/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${folder} SYMBOLIC)

  if(ARG_SOURCES)
    add_library(benchd_${name} STATIC ${ARG_SOURCES})
    target_include_directories(benchd_${name} PUBLIC ${root})
    target_link_libraries(benchd_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(benchd_${name} INTERFACE)
    target_include_directories(benchd_${name} INTERFACE ${root})
    target_link_libraries(benchd_${name} INTERFACE ${ARG_DEPENDS})
  endif()
  add_library(benchd::${name} ALIAS benchd_${name})
endfunction()

# benchd_unit_test(collectors/cgroup a_test.cpp … ) tests the library of that folder; extra libraries after LINK.
# LABEL live (default: unit) makes a second program of the folder, for tests that need what not every machine allows.
function(benchd_unit_test folder)
  cmake_parse_arguments(ARG "" "LABEL" "LINK" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  set(program ${name}_test)
  if(ARG_LABEL)
    set(program ${name}_${ARG_LABEL}_test)
  else()
    set(ARG_LABEL unit)
  endif()
  add_executable(${program} ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/tests)  # for support/
  target_link_libraries(${program} PRIVATE benchd::${name} ${ARG_LINK} GTest::gmock GTest::gtest_main)
  add_dependencies(${ARG_LABEL}_tests ${program})
  gtest_discover_tests(${program} TEST_PREFIX ${folder}. DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${ARG_LABEL})
endfunction()

# benchd_pytest(exposition test_a.py test_b.py ENVIRONMENT NAME=VALUE …) runs files of the current folder by Debian's
# pytest. Exit status 5, "no tests", is a failure: a test that lacks something says why it is skipped.
function(benchd_pytest name)
  cmake_parse_arguments(ARG "" "" "ENVIRONMENT" ${ARGN})
  list(TRANSFORM ARG_UNPARSED_ARGUMENTS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_test(NAME integration.${name} COMMAND /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider ${ARG_UNPARSED_ARGUMENTS})
  set_tests_properties(integration.${name} PROPERTIES LABELS integration
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;${ARG_ENVIRONMENT}")
endfunction()
