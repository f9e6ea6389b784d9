<?php

declare(strict_types=1);

// Signs a visitor in: call it in your backend, for the person who is signed in to your site.

const LIFETIME_SECONDS = 600;

function identity_token(string $user_id, ?string $user_email = null): string
{
    $claims = [
        'client_id' => getenv('CHAT_CLIENT'),
        'user_id' => $user_id,
        'user_email' => $user_email,
        'exp' => time() + LIFETIME_SECONDS,
    ];
    $signed = encoded(json_encode(['alg' => 'HS256', 'typ' => 'JWT'])) . '.'
        . encoded(json_encode($claims, JSON_THROW_ON_ERROR));
    $key = getenv('CHAT_SIGNING_SECRET');
    return $signed . '.' . encoded(hash_hmac('sha256', $signed, $key, true));
}

function encoded(string $data): string
{
    return rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
}
