<?php
/**
 * What waits to be sent to the chatbot's knowledge: a row per post, so that a post that is saved ten
 * times is sent once. Two runs of WP-Cron at a time take different rows.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

// phpcs:disable WordPress.DB.DirectDatabaseQuery -- a table of our own, that no cache knows.
// phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- the table's own name.

/**
 * The table of this site.
 *
 * @return string
 */
function parlance_embed_queue_table() {
	global $wpdb;
	return $wpdb->prefix . 'parlance_embed_queue';
}

/**
 * Whether there is a table on this site.
 *
 * @return bool
 */
function parlance_embed_has_queue() {
	return '' !== get_option( 'parlance_embed_queue', '' );
}

/**
 * Makes the table, if it is not there.
 */
function parlance_embed_make_queue() {
	global $wpdb;
	if ( parlance_embed_has_queue() ) {
		return;
	}
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';
	dbDelta(
		'CREATE TABLE ' . parlance_embed_queue_table() . " (
			post_id bigint(20) unsigned NOT NULL,
			is_gone tinyint(1) NOT NULL DEFAULT 0,
			attempts smallint(5) unsigned NOT NULL DEFAULT 0,
			due_at bigint(20) unsigned NOT NULL DEFAULT 0,
			claim varchar(20) NOT NULL DEFAULT '',
			PRIMARY KEY  (post_id),
			KEY due_at (due_at)
		) " . $wpdb->get_charset_collate() . ';'
	);
	update_option( 'parlance_embed_queue', PARLANCE_EMBED_VERSION, true );
}

/**
 * Notes that a post is to be sent, or is gone.
 *
 * @param int  $post_id Which post.
 * @param bool $is_gone Whether it is to be taken away.
 */
function parlance_embed_enqueue_post( $post_id, $is_gone ) {
	global $wpdb;
	parlance_embed_make_queue();
	$table = parlance_embed_queue_table();
	$wpdb->query(
		$wpdb->prepare(
			"INSERT INTO {$table} (post_id, is_gone, due_at) VALUES (%d, %d, %d)
			ON DUPLICATE KEY UPDATE is_gone = VALUES(is_gone), attempts = 0, due_at = VALUES(due_at), claim = ''",
			$post_id,
			$is_gone ? 1 : 0,
			time()
		)
	);
}

/**
 * Notes everything that is public, for the first time, anew, or because its type was chosen no more.
 *
 * @param string[] $types Types of posts.
 */
function parlance_embed_enqueue_all( $types ) {
	global $wpdb;
	parlance_embed_make_queue();
	$table = parlance_embed_queue_table();
	foreach ( $types as $type ) {
		$wpdb->query(
			$wpdb->prepare(
				"INSERT INTO {$table} (post_id, due_at)
				SELECT ID, %d FROM {$wpdb->posts} WHERE post_type = %s AND post_status = 'publish' AND post_password = ''
				ON DUPLICATE KEY UPDATE is_gone = 0, attempts = 0, due_at = VALUES(due_at), claim = ''",
				time(),
				$type
			)
		);
	}
}

/**
 * Takes rows that are due; nobody else gets them for five minutes, and longer each time, so that a
 * post on which another plugin breaks down does not stop those behind it.
 *
 * @param int $most How many at most.
 * @return object[] With post_id, is_gone, attempts, claim.
 */
function parlance_embed_take_batch( $most ) {
	global $wpdb;
	$table = parlance_embed_queue_table();
	if ( ! parlance_embed_has_queue() ) {
		return array();
	}
	$claim = wp_generate_password( 16, false );
	$now   = time();
	$wpdb->query(
		$wpdb->prepare(
			"UPDATE {$table} SET claim = %s, due_at = %d + %d * POW(2, LEAST(attempts, 6)), attempts = attempts + 1
			WHERE due_at <= %d ORDER BY due_at, post_id LIMIT %d",
			$claim,
			$now,
			5 * MINUTE_IN_SECONDS,
			$now,
			$most
		)
	);
	return $wpdb->get_results( $wpdb->prepare( "SELECT * FROM {$table} WHERE claim = %s", $claim ) );
}

/**
 * Takes rows away that were sent; a post that was saved meanwhile stays.
 *
 * @param object[] $rows What was sent.
 */
function parlance_embed_forget_rows( $rows ) {
	global $wpdb;
	foreach ( $rows as $row ) {
		$wpdb->delete( parlance_embed_queue_table(), array( 'post_id' => $row->post_id, 'claim' => $row->claim ) );
	}
}

/**
 * Puts rows back that could not be sent: after a minute, two, four, at last every six hours.
 *
 * @param object[] $rows What was not sent.
 */
function parlance_embed_put_back( $rows ) {
	global $wpdb;
	foreach ( $rows as $row ) {
		$wait = min( 6 * HOUR_IN_SECONDS, MINUTE_IN_SECONDS * pow( 2, min( (int) $row->attempts - 1, 12 ) ) );
		$wpdb->update(
			parlance_embed_queue_table(),
			array(
				'due_at' => time() + $wait,
				'claim'  => '',
			),
			array( 'post_id' => $row->post_id, 'claim' => $row->claim )
		);
	}
}

/**
 * How many posts wait.
 *
 * @return int
 */
function parlance_embed_waiting() {
	global $wpdb;
	if ( ! parlance_embed_has_queue() ) {
		return 0;
	}
	$table = parlance_embed_queue_table();
	return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$table}" );
}
