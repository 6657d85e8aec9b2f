/*
 * Copyright (c) 2026 The kmaild authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * mail.db: created, migrated, refused.
 *
 * link: regress/unit/storerig.o
 * link: kmaild/store/account.o kmaild/store/ask.o kmaild/store/body.o
 * link: kmaild/store/commit.o kmaild/store/db.o kmaild/store/eventlog.o
 * link: kmaild/store/folder.o kmaild/store/ingest.o
 * link: kmaild/store/ingest_rows.o kmaild/store/plan.o
 * link: kmaild/store/recover.o kmaild/store/removal.o
 * link: kmaild/store/report.o kmaild/store/schema.o kmaild/store/segment.o
 * link: kmaild/store/plan_operator.o kmaild/store/session.o
 * link: kmaild/store/session_commit.o kmaild/store/session_order.o
 * link: kmaild/store/session_peer.o
 * link: kmaild/store/session_test.o kmaild/store/session_worker.o
 * link: kmaild/store/waiting.o
 * libs: sqlite3 libsodium
 */

#include <sys/wait.h>

#include <fcntl.h>

#include "storerig.h"

static char	 path[128];

static const char *const one[] = { "CREATE TABLE a (x);" };
static const char *const two[] = { "CREATE TABLE a (x);",
    "CREATE TABLE b (x); INSERT INTO b VALUES (2);" };
static const char *const broken[] = { "CREATE TABLE a (x);",
    "CREATE TABLE b (x); NONSENSE;" };

static int
setup(void **state)
{
	(void)state;
	strlcpy(rig_dir, "/tmp/kmaild-store.XXXXXXXXXX", sizeof(rig_dir));
	assert_non_null(mkdtemp(rig_dir));
	snprintf(path, sizeof(path), "%s/mail.db", rig_dir);
	return 0;
}

static int
teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	db_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", rig_dir);
	return system(cmd) == 0 ? 0 : -1;
}

static void
test_create(void **state)
{
	(void)state;
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_CREATED);
	assert_int_equal(rig_sql("PRAGMA application_id"), DB_APPLICATION_ID);
	assert_int_equal(rig_sql("PRAGMA user_version"), db_nsteps);
	assert_int_equal(rig_sql("PRAGMA synchronous"), 2);
	db_close();
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_OK);
}

static void
test_migrate(void **state)
{
	(void)state;
	assert_int_equal(db_open(rig_dir, one, 1), DB_CREATED);
	db_close();
	assert_int_equal(db_open(rig_dir, two, 2), DB_OK);
	assert_int_equal(rig_sql("SELECT x FROM b"), 2);
	assert_int_equal(rig_sql("PRAGMA user_version"), 2);
}

/* A step that fails leaves the old version, whole. */
static void
test_migrate_fails(void **state)
{
	(void)state;
	assert_int_equal(db_open(rig_dir, one, 1), DB_CREATED);
	db_close();
	assert_int_equal(db_open(rig_dir, broken, 2), DB_ERROR);
	assert_int_equal(db_open(rig_dir, one, 1), DB_OK);
	assert_int_equal(rig_sql("PRAGMA user_version"), 1);
	assert_int_equal(rig_sql("SELECT count(*) FROM sqlite_schema"), 1);
}

static void
test_newer(void **state)
{
	(void)state;
	assert_int_equal(db_open(rig_dir, two, 2), DB_CREATED);
	db_close();
	assert_int_equal(db_open(rig_dir, one, 1), DB_NEWER);
	assert_int_equal(db_open(rig_dir, two, 2), DB_OK);
}

static void
test_foreign(void **state)
{
	struct stat	 before, after;
	sqlite3		*db;
	int		 fd;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x)", NULL, NULL,
	    NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_FOREIGN);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);

	assert_int_equal(unlink(path), 0);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "this is no database, but text", 29), 29);
	close(fd);
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_FOREIGN);
}

static void
test_damaged(void **state)
{
	char	 junk[4096];
	int	 fd;

	(void)state;
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_CREATED);
	db_close();
	memset(junk, 0xa5, sizeof(junk));
	fd = open(path, O_WRONLY);
	/* the third page: some table's root */
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 2 * 4096), 4096);
	close(fd);
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_DAMAGED);
}

static void
test_locked(void **state)
{
	pid_t	 pid;
	int	 status;

	(void)state;
	assert_int_equal(db_open(rig_dir, db_steps, db_nsteps), DB_CREATED);
	if ((pid = fork()) == 0) {
		/* SQLite must not be carried over a fork */
		execl("/proc/self/exe", "t_store_db", "--second", rig_dir,
		    (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), DB_LOCKED);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_migrate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_migrate_fails, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_newer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown)
	};

	if (argc == 3 && strcmp(argv[1], "--second") == 0)
		return (int)db_open(argv[2], db_steps, db_nsteps);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
