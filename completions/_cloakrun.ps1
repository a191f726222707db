
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'cloakrun' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'cloakrun'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'cloakrun' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check both sides, and say what will fail')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Check both sides, and say what will fail')
            [CompletionResult]::new('accepts', 'accepts', [CompletionResultType]::ParameterValue, 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not')
            [CompletionResult]::new('audience', 'audience', [CompletionResultType]::ParameterValue, 'Say which audiences the tokens of a client carry, and through which mapper')
            [CompletionResult]::new('links', 'links', [CompletionResultType]::ParameterValue, 'Show which service talks through which client, and the clues')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say as whom both sides are asked, what may be read, and what is missing for which rule')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Write what both sides answer into a folder, without secrets, for `check` to read again')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List the rules')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a rule: what breaks for whom, and what to do')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of the report, of a plan or of the configuration')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cloakrun;check' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the report to FILE instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE instead of standard output')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write the report in another format to a file as well; may be repeated')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Lowest severity of a finding that makes the run fail')
            [CompletionResult]::new('--min-severity', '--min-severity', [CompletionResultType]::ParameterName, 'Leave out findings below this severity; they then count for nothing')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Only these rules, also those that are off by default; may be repeated')
            [CompletionResult]::new('--skip-rule', '--skip-rule', [CompletionResultType]::ParameterName, 'Not these rules; may be repeated')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Only what is about this client; may be repeated')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Only what is about this service; may be repeated')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'Only what is about this realm; may be repeated')
            [CompletionResult]::new('--keycloak-version', '--keycloak-version', [CompletionResultType]::ParameterName, 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--allow-partial', '--allow-partial', [CompletionResultType]::ParameterName, 'Let the run succeed although something could not be looked at')
            [CompletionResult]::new('--show-suppressed', '--show-suppressed', [CompletionResultType]::ParameterName, 'Show what waivers accept, with their reasons')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;audit' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the report')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the report to FILE instead of standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE instead of standard output')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write the report in another format to a file as well; may be repeated')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Lowest severity of a finding that makes the run fail')
            [CompletionResult]::new('--min-severity', '--min-severity', [CompletionResultType]::ParameterName, 'Leave out findings below this severity; they then count for nothing')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'Only these rules, also those that are off by default; may be repeated')
            [CompletionResult]::new('--skip-rule', '--skip-rule', [CompletionResultType]::ParameterName, 'Not these rules; may be repeated')
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Only what is about this client; may be repeated')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Only what is about this service; may be repeated')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'Only what is about this realm; may be repeated')
            [CompletionResult]::new('--keycloak-version', '--keycloak-version', [CompletionResultType]::ParameterName, 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--allow-partial', '--allow-partial', [CompletionResultType]::ParameterName, 'Let the run succeed although something could not be looked at')
            [CompletionResult]::new('--show-suppressed', '--show-suppressed', [CompletionResultType]::ParameterName, 'Show what waivers accept, with their reasons')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;accepts' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'What the URI is')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Answer questions from a file of JSON Lines; `-` for standard input')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'The realm, where several have a client of this id')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--keycloak-version', '--keycloak-version', [CompletionResultType]::ParameterName, 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;audience' {
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'An optional scope that is asked for besides `openid`; may be repeated')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'The user who logs in, by login name; without it a user with the default roles only')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'The realm, where several have a client of this id')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--keycloak-version', '--keycloak-version', [CompletionResultType]::ParameterName, 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--service-account', '--service-account', [CompletionResultType]::ParameterName, 'The token that the client gets for itself (client credentials)')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;links' {
            [CompletionResult]::new('--client', '--client', [CompletionResultType]::ParameterName, 'Only what is about this client; may be repeated')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Only what is about this service; may be repeated')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'Only what is about this realm; may be repeated')
            [CompletionResult]::new('--keycloak-version', '--keycloak-version', [CompletionResultType]::ParameterName, 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;doctor' {
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'Only this realm; may be repeated')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the answer')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;snapshot' {
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'Only this realm; may be repeated')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File with the key that makes the tags, made when there is none [default: snapshot.key in the state directory]')
            [CompletionResult]::new('--keycloak-url', '--keycloak-url', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Read the Keycloak at this base URL, with `/auth` where it has that')
            [CompletionResult]::new('--keycloak-login-realm', '--keycloak-login-realm', [CompletionResultType]::ParameterName, 'Realm to log in to [default: master]')
            [CompletionResult]::new('--keycloak-client-id', '--keycloak-client-id', [CompletionResultType]::ParameterName, 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file')
            [CompletionResult]::new('--keycloak-user', '--keycloak-user', [CompletionResultType]::ParameterName, 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal')
            [CompletionResult]::new('--keycloak-client-secret-file', '--keycloak-client-secret-file', [CompletionResultType]::ParameterName, 'File that holds the client''s secret')
            [CompletionResult]::new('--keycloak-token-file', '--keycloak-token-file', [CompletionResultType]::ParameterName, 'File that holds an access token to use as it is')
            [CompletionResult]::new('--keycloak-key-file', '--keycloak-key-file', [CompletionResultType]::ParameterName, 'File that holds the private key (PEM) with which the client signs its login')
            [CompletionResult]::new('--keycloak-ca-file', '--keycloak-ca-file', [CompletionResultType]::ParameterName, 'File of certificates (PEM) to believe besides those of the system')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read the Cloud Run services of this Google Cloud project; may be repeated')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'Only this region; may be repeated [default: all that the project uses]')
            [CompletionResult]::new('--impersonate-service-account', '--impersonate-service-account', [CompletionResultType]::ParameterName, 'Act as this service account')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long one request may take [default: 30s]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Requests to Keycloak under way at once [default: 8]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--allow-partial', '--allow-partial', [CompletionResultType]::ParameterName, 'Succeed although something could not be read')
            [CompletionResult]::new('--read-secrets', '--read-secrets', [CompletionResultType]::ParameterName, 'Read the payloads of secrets, to compare them with those of clients; they stay in memory')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send tokens over plain http to other machines too')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Show no progress')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;rules' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Format of the list')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the list')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;explain' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;schema' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration to use, instead of the cloakrun.yaml found upward from this directory')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing besides the report, warnings and errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'List every file that was read, however many there are')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration at all')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'cloakrun;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check both sides, and say what will fail')
            [CompletionResult]::new('accepts', 'accepts', [CompletionResultType]::ParameterValue, 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not')
            [CompletionResult]::new('audience', 'audience', [CompletionResultType]::ParameterValue, 'Say which audiences the tokens of a client carry, and through which mapper')
            [CompletionResult]::new('links', 'links', [CompletionResultType]::ParameterValue, 'Show which service talks through which client, and the clues')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say as whom both sides are asked, what may be read, and what is missing for which rule')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Write what both sides answer into a folder, without secrets, for `check` to read again')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'List the rules')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a rule: what breaks for whom, and what to do')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of the report, of a plan or of the configuration')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'cloakrun;help;check' {
            break
        }
        'cloakrun;help;accepts' {
            break
        }
        'cloakrun;help;audience' {
            break
        }
        'cloakrun;help;links' {
            break
        }
        'cloakrun;help;doctor' {
            break
        }
        'cloakrun;help;snapshot' {
            break
        }
        'cloakrun;help;rules' {
            break
        }
        'cloakrun;help;explain' {
            break
        }
        'cloakrun;help;schema' {
            break
        }
        'cloakrun;help;completions' {
            break
        }
        'cloakrun;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
