<?php
// A must-use plugin that notes whom WordPress calls, and says for its makers that nothing is new.
add_filter(
	'pre_http_request',
	function ( $reply, $arguments, $url ) {
		file_put_contents( WP_CONTENT_DIR . '/calls.log', $arguments['method'] . ' ' . $url . "\n", FILE_APPEND | LOCK_EX );
		if ( 0 === strpos( $url, 'https://api.wordpress.org/plugins/update-check/' ) ) {
			return array(
				'headers'  => array(),
				'response' => array( 'code' => 200, 'message' => 'OK' ),
				'body'     => '{"plugins":[],"no_update":[],"translations":[]}',
				'cookies'  => array(),
				'filename' => null,
			);
		}
		return $reply;
	},
	10,
	3
);
