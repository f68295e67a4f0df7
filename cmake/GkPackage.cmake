# Installation and Debian packages. `cmake --install` puts everything where Debian expects it below
# the prefix /usr; `cpack` (tools/build_deb.sh) makes three packages:
#   gamekeeper        daemon, command line, worker, unit, manual pages, completions, samples
#   libgamekeeper0    the embeddable library
#   libgamekeeper-dev its headers
include_guard()
include(GNUInstallDirs)

set(gk_files ${PROJECT_SOURCE_DIR}/packaging)
set(gk_doc ${CMAKE_INSTALL_DATADIR}/doc/gamekeeper)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME gamekeeper)

# Debian wants its own change log and the manual pages compressed, the same way each time.
set(gk_compressed ${CMAKE_BINARY_DIR}/package)
file(GLOB gk_manuals CONFIGURE_DEPENDS ${gk_files}/man/*.[158])
set(gk_gz)
foreach(page ${gk_manuals} ${gk_files}/debian/changelog)
  get_filename_component(name ${page} NAME)
  set(gz ${gk_compressed}/${name}.gz)
  add_custom_command(OUTPUT ${gz} COMMAND ${CMAKE_COMMAND} -E make_directory ${gk_compressed}
                     COMMAND sh -c "gzip -9n <'${page}' >'${gz}'" DEPENDS ${page} VERBATIM)
  list(APPEND gk_gz ${gz})
endforeach()
add_custom_target(gk_compress ALL DEPENDS ${gk_gz})

install(TARGETS gamekeeperd DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS gamekeeper DESTINATION ${CMAKE_INSTALL_BINDIR})
# Beside no other program: sys/paths.h, helper_path().
install(TARGETS gamekeeper-worker gamekeeper-notify gamekeeper-tls DESTINATION lib/gamekeeper)
install(FILES ${gk_files}/systemd/gamekeeper.service DESTINATION lib/systemd/system)
install(FILES ${gk_files}/systemd/gamekeeper.sysusers DESTINATION lib/sysusers.d
        RENAME gamekeeper.conf)
install(FILES ${gk_files}/systemd/gamekeeper.tmpfiles DESTINATION lib/tmpfiles.d
        RENAME gamekeeper.conf)
install(FILES ${gk_files}/gamekeeper.toml DESTINATION /etc/gamekeeper)

foreach(page ${gk_manuals})
  get_filename_component(name ${page} NAME)
  string(REGEX REPLACE ".*\\." "" section ${name})
  install(FILES ${gk_compressed}/${name}.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man${section})
endforeach()
install(FILES ${gk_files}/completions/gamekeeper.bash RENAME gamekeeper
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${gk_files}/completions/_gamekeeper
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${gk_files}/completions/gamekeeper.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

file(GLOB gk_documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md)
install(FILES ${gk_documents} ${PROJECT_SOURCE_DIR}/docs/openapi.json DESTINATION ${gk_doc})
install(FILES ${gk_files}/debian/copyright DESTINATION ${gk_doc})
install(FILES ${gk_compressed}/changelog.gz RENAME changelog.Debian.gz DESTINATION ${gk_doc})
install(FILES ${gk_files}/proxy/nginx.conf ${gk_files}/proxy/Caddyfile
              ${gk_files}/grafana/gamekeeper.json
              ${gk_files}/prometheus/prometheus.yml ${gk_files}/prometheus/gamekeeper_rules.yml
        DESTINATION ${gk_doc}/examples)

foreach(package libgamekeeper0 libgamekeeper-dev)
  install(FILES ${gk_files}/debian/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${package})
  install(FILES ${gk_compressed}/changelog.gz RENAME changelog.Debian.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${package})
endforeach()
install(TARGETS gamekeeper_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT libgamekeeper0 NAMELINK_COMPONENT libgamekeeper-dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gamekeeper
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libgamekeeper-dev)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gamekeeper)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Gamekeeper maintainers <gamekeeper@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
    GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL gamekeeper libgamekeeper0 libgamekeeper-dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_NAME gamekeeper)
set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_DEPENDS
    "systemd-standalone-sysusers | systemd-sysusers, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_RECOMMENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_SUGGESTS "nginx | caddy, prometheus")
set(CPACK_DEBIAN_GAMEKEEPER_PACKAGE_CONTROL_EXTRA
    "${gk_files}/debian/postinst;${gk_files}/debian/prerm;${gk_files}/debian/postrm;${gk_files}/debian/conffiles")
set(CPACK_COMPONENT_GAMEKEEPER_DESCRIPTION
    "guards community game servers against harmful automation
Gamekeeper watches how games and their machines perform and stops the automation
that hurts them, with the reason and the samples behind every decision. This
package has the daemon with its dashboard, and the command line.")

set(CPACK_DEBIAN_LIBGAMEKEEPER0_PACKAGE_NAME libgamekeeper0)
set(CPACK_DEBIAN_LIBGAMEKEEPER0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBGAMEKEEPER0_PACKAGE_CONTROL_EXTRA "${gk_files}/debian/triggers")
set(CPACK_COMPONENT_LIBGAMEKEEPER0_DESCRIPTION
    "embeddable parts of Gamekeeper
Arbiter (who may act next), referee (is this movement possible) and frame ticker
as one shared library that needs the C++ and C libraries only.")

set(CPACK_DEBIAN_LIBGAMEKEEPER-DEV_PACKAGE_NAME libgamekeeper-dev)
set(CPACK_DEBIAN_LIBGAMEKEEPER-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBGAMEKEEPER-DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBGAMEKEEPER-DEV_PACKAGE_DEPENDS
    "libgamekeeper0 (= ${PROJECT_VERSION}-1)")
set(CPACK_COMPONENT_LIBGAMEKEEPER-DEV_DESCRIPTION
    "headers of the embeddable parts of Gamekeeper
C++20 and C headers of libgamekeeper; they include the standard library only.")
include(CPack)
